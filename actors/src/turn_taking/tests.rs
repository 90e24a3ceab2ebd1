use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;
use protocol::{ChainEnd, Role, UserId};
use storage::{ChainLimits, ChainUse};

use super::*;

fn person(name: &str) -> Member {
    Member::User {
        id: UserId::new(),
        name: name.to_owned(),
        bot_of: None,
        joined_at: 0,
        role: Role::Member,
        muted_until: None,
    }
}

fn twin_with(name: &str, policy: TwinPolicy) -> (TwinId, Member) {
    let id = TwinId::new();
    let member = Member::Twin {
        id,
        name: name.to_owned(),
        joined_at: 0,
        owner_id: UserId::new(),
        policy,
        mode: TwinMode::Auto,
        oversight: false,
    };
    (id, member)
}

fn twin(name: &str) -> (TwinId, Member) {
    twin_with(name, TwinPolicy::default())
}

fn user() -> Author {
    Author::User {
        id: UserId::new(),
        name: "Kim".to_owned(),
    }
}

fn says<'a>(author: &'a Author, text: &'a str) -> Said<'a> {
    Said {
        author,
        text,
        answers: false,
    }
}

#[test]
fn one_to_one_the_twin_always_answers() {
    for policy in TwinPolicy::ALL {
        let (ada, member) = twin_with("Ada", policy);
        let members = [person("Kim"), member];
        assert_eq!(
            answering_twins(&members, says(&user(), "hello")),
            [(ada, ReplyWhen::Always)]
        );
    }
}

#[test]
fn in_a_room_those_who_are_mentioned_answer_as_they_are_mentioned() {
    let (ada, ada_member) = twin("Ada");
    let (bo, bo_member) = twin("Bo");
    let members = [person("Kim"), ada_member, bo_member];
    let cases: [(&str, Vec<TwinId>); 6] = [
        ("hello all", vec![]),
        ("@Ada, where?", vec![ada]),
        ("@adalbert is no twin", vec![]),
        ("ask @ADA and @bo", vec![ada, bo]),
        ("ask @bo and @ada, then @bo again", vec![bo, ada]),
        ("mail me: kim@bo", vec![]),
    ];
    for (text, expected) in cases {
        let answering = answering_twins(&members, says(&user(), text));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|twin| (twin, ReplyWhen::Always))
            .collect();
        assert_eq!(answering, expected, "{text}");
    }
}

#[test]
fn a_policy_says_who_answers_besides() {
    let (_, never) = twin_with("Never", TwinPolicy::Never);
    let (addressed, addressed_member) = twin_with("Bo", TwinPolicy::WhenAddressed);
    let (confident, confident_member) = twin_with("Cy", TwinPolicy::WhenConfident);
    let members = [person("Kim"), never, addressed_member, confident_member];
    let kim = user();
    let answers = Said {
        answers: true,
        ..says(&kim, "@Never mind, is that so?")
    };
    assert_eq!(
        answering_twins(&members, answers),
        [
            (addressed, ReplyWhen::Answered),
            (confident, ReplyWhen::AnsweredOrConfident),
        ]
    );
    assert_eq!(
        answering_twins(&members, says(&kim, "who knows?")),
        [(confident, ReplyWhen::AnsweredOrConfident)]
    );
    // Nobody speaks up to machines unasked.
    let bo = Author::Twin {
        id: addressed,
        name: "Bo".to_owned(),
    };
    assert_eq!(answering_twins(&members, says(&bo, "who knows?")), []);
    let answers = Said {
        answers: true,
        ..says(&bo, "that is so")
    };
    assert_eq!(
        answering_twins(&members, answers),
        [(confident, ReplyWhen::Answered)]
    );
}

#[test]
fn nobody_answers_themselves() {
    let (ada, member) = twin("Ada");
    let (bo, bo_member) = twin("Bo");
    let author = Author::Twin {
        id: ada,
        name: "Ada".to_owned(),
    };
    let members = [person("Kim"), member, bo_member];
    assert_eq!(
        answering_twins(&members, says(&author, "@Ada and @Bo")),
        [(bo, ReplyWhen::Always)]
    );
    let alone = [person("Kim"), members[1].clone()];
    assert_eq!(answering_twins(&alone, says(&author, "@Ada hello")), []);
}

#[test]
fn so_many_answer_one_message_and_no_more() {
    let members: Vec<Member> = (0..100)
        .map(|number| twin(&format!("Twin{number}")).1)
        .collect();
    let names: Vec<String> = (0..100).map(|number| format!("@Twin{number}")).collect();
    let answering = answering_twins(&members, says(&user(), &names.join(" ")));
    assert_eq!(answering.len(), REPLIES_TO_ONE_MAX);
}

/// A machine that writes whatever its line says, over and over.
#[derive(Debug, Clone)]
struct Machine {
    policy: TwinPolicy,
    /// Whom it mentions.
    mentions: Vec<usize>,
    tokens: u64,
}

/// Any machines that mention each other in any way.
fn machines() -> impl Strategy<Value = Vec<Machine>> {
    (1..7_usize).prop_flat_map(|count| {
        let machine = (
            proptest::sample::select(&TwinPolicy::ALL[..]),
            proptest::collection::vec(0..count, 0..4),
            1..400_u64,
        );
        let machine = machine.prop_map(|(policy, mentions, tokens)| Machine {
            policy,
            mentions,
            tokens,
        });
        proptest::collection::vec(machine, count)
    })
}

fn limits() -> impl Strategy<Value = ChainLimits> {
    (0..8_u64, 0..20_u64, 0..3_000_u64, 1..300_u64).prop_map(
        |(hops_max, replies_max, tokens_max, reply_tokens_max)| ChainLimits {
            hops_max,
            replies_max,
            tokens_max,
            reply_tokens_max,
        },
    )
}

/// A reply that was ordered.
struct Ordered {
    machine: usize,
    /// The machine whose message it answers.
    answers: Option<usize>,
    hops: u64,
    tokens_max: u64,
}

/// What came of one message of a person.
#[derive(Debug, Default)]
struct Run {
    replies: u64,
    tokens: u64,
    hops: u64,
    first: u64,
    ended: Vec<ChainEnd>,
}

/// Lets machines write to each other until none is asked any more.
fn run(machines: &[Machine], limits: ChainLimits, mentioned: &[usize]) -> Run {
    let names: Vec<String> = (0..machines.len())
        .map(|number| format!("M{number}"))
        .collect();
    let mut members = vec![person("Kim"), person("Sam")];
    let mut ids = HashMap::new();
    for (number, machine) in machines.iter().enumerate() {
        let (id, member) = twin_with(&names[number], machine.policy);
        ids.insert(id, number);
        members.push(member);
    }
    let text = |mentions: &[usize]| {
        let mentions = mentions.iter().map(|number| format!("@{}", names[*number]));
        mentions.collect::<Vec<String>>().join(" ")
    };
    // As storage judges whose message is answered.
    let asked = |said: Said<'_>, answers: Option<usize>| -> Vec<usize> {
        let answering = answering_twins(&members, said).into_iter();
        let judged = answering.filter_map(|(twin, when)| {
            let number = ids[&twin];
            match when {
                ReplyWhen::Always | ReplyWhen::AnsweredOrConfident => Some(number),
                ReplyWhen::Answered => (answers == Some(number)).then_some(number),
            }
        });
        judged.collect()
    };
    let mut run = Run::default();
    let mut waiting = VecDeque::new();
    let kim = user();
    let question = text(mentioned);
    for machine in asked(says(&kim, &question), None) {
        run.first += 1;
        waiting.push_back(Ordered {
            machine,
            answers: None,
            hops: 1,
            tokens_max: limits.reply_tokens_max,
        });
    }
    let mut ordered = run.first;
    while let Some(order) = waiting.pop_front() {
        let machine = &machines[order.machine];
        run.replies += 1;
        run.tokens += machine.tokens.min(order.tokens_max);
        run.hops = run.hops.max(order.hops);
        let reserved: u64 = waiting.iter().map(|order| order.tokens_max).sum();
        let used = ChainUse {
            replies: ordered,
            tokens: run.tokens + reserved,
        };
        let author = Author::Twin {
            id: *ids
                .iter()
                .find(|(_, number)| **number == order.machine)
                .unwrap()
                .0,
            name: names[order.machine].clone(),
        };
        let line = text(&machine.mentions);
        let said = Said {
            answers: true,
            ..says(&author, &line)
        };
        let wanted = asked(said, order.answers);
        let admission = limits.admit(order.hops, used, wanted.len());
        assert_eq!(
            admission.ended.is_none(),
            admission.tokens.len() == wanted.len(),
            "what is not admitted is told"
        );
        run.ended.extend(admission.ended);
        ordered += admission.tokens.len() as u64;
        for (machine, tokens_max) in wanted.into_iter().zip(admission.tokens) {
            waiting.push_back(Ordered {
                machine,
                answers: Some(order.machine),
                hops: order.hops + 1,
                tokens_max,
            });
        }
        let bound = run.first + limits.replies_max;
        assert!(run.replies <= bound, "{} replies", run.replies);
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whoever_mentions_whom_it_ends_within_the_limits(
        machines in machines(),
        limits in limits(),
        mentioned in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
    ) {
        let mentioned: Vec<usize> = mentioned.iter().map(|index| index.index(machines.len())).collect();
        let run = run(&machines, limits, &mentioned);
        prop_assert!(run.replies <= run.first.max(limits.replies_max));
        prop_assert!(run.tokens <= limits.tokens_max.max(run.first * limits.reply_tokens_max));
        prop_assert!(run.hops <= limits.hops_max.max(1));
    }
}

#[test]
fn two_that_mention_each_other_for_ever_are_ended_by_each_limit() {
    let endless = |other| Machine {
        policy: TwinPolicy::WhenAddressed,
        mentions: vec![other],
        tokens: 100,
    };
    let machines = [endless(1), endless(0)];
    let wide = ChainLimits {
        hops_max: 1_000,
        replies_max: 1_000,
        tokens_max: 1_000_000,
        reply_tokens_max: 200,
    };
    for (limits, replies, end) in [
        (
            ChainLimits {
                hops_max: 5,
                ..wide
            },
            5,
            ChainEnd::Hops,
        ),
        (
            ChainLimits {
                replies_max: 7,
                ..wide
            },
            7,
            ChainEnd::Replies,
        ),
        (
            ChainLimits {
                tokens_max: 1_050,
                ..wide
            },
            11,
            ChainEnd::Tokens,
        ),
    ] {
        let run = run(&machines, limits, &[0]);
        assert_eq!((run.replies, run.ended), (replies, vec![end]));
    }
}
