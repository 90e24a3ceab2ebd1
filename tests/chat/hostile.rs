//! Documents that were made to do harm: what becomes of each, while others go on talking.
//!
//! Every file is made here, from a fixed seed where it has random bytes. The table says exactly how each ends: refused at once,
//! failed with its reason, or read, as files are that only look dangerous.

use std::io::{Cursor, Write};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

/// How a file ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// It is not kept: HTTP status and code.
    Refused(u16, &'static str),
    /// It is kept and cannot be read: the code, and words of the reason.
    Failed(&'static str, &'static str),
    /// It is read as this media type, and its text has these words.
    Ready(&'static str, &'static str),
}

use End::{Failed, Ready, Refused};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const PLAIN: &str = "text/plain";
const HTML: &str = "text/html";
const JSON_TYPE: &str = "application/json";

/// A file: its name, its bytes, and how it ends.
type Hostile = (&'static str, Vec<u8>, End);

fn corpus() -> Vec<Hostile> {
    let mut files = Vec::new();
    files.extend(not_documents());
    files.extend(archives());
    files.extend(pdfs());
    files.extend(texts());
    files
}

fn not_documents() -> Vec<Hostile> {
    let mut random = StdRng::seed_from_u64(9);
    let mut noise = vec![0_u8; 4_096];
    random.fill(&mut noise[..]);
    noise[0] = 1;
    vec![
        ("zero.pdf", Vec::new(), Refused(422, "invalid")),
        (
            "image.pdf",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "program.txt",
            b"\x7fELF\x02\x01\x01\0".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "old.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "text.gz",
            b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "rich.rtf",
            b"{\\rtf1\\object\\objdata}".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "utf32.txt",
            b"\xff\xfe\0\0a\0\0\0".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "empty.zip",
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "gif.html",
            b"GIF89a/*<script>alert(1)</script>*/".to_vec(),
            Refused(415, "unsupported_media"),
        ),
        (
            "noise.txt",
            noise,
            Failed("unsupported_media", "0x01 at offset 0"),
        ),
        (
            "nul.md",
            b"# Title\n\0".to_vec(),
            Failed("unsupported_media", "0x00"),
        ),
        (
            "image.svg",
            b"<svg onload=\"alert(1)\"><script>x</script></svg>".to_vec(),
            Failed("unsupported_media", "an SVG image"),
        ),
        (
            "declared.svg",
            b"<?xml version=\"1.0\"?>\n<svg/>".to_vec(),
            Failed("unsupported_media", "an SVG image"),
        ),
        (
            "latin.txt",
            b"na\xefve".to_vec(),
            Failed("invalid", "not UTF-8"),
        ),
        (
            "surrogates.txt",
            b"a\xed\xa0\x80b".to_vec(),
            Failed("invalid", "not UTF-8"),
        ),
        (
            "overlong.txt",
            b"a\xc0\xafb".to_vec(),
            Failed("invalid", "not UTF-8"),
        ),
        (
            "half.txt",
            b"\xff\xfea\0b".to_vec(),
            Failed("invalid", "not UTF-16"),
        ),
        (
            "blank.txt",
            b" \n\t --- \n".to_vec(),
            Failed("invalid", "no letters"),
        ),
    ]
}

fn archives() -> Vec<Hostile> {
    let document = "word/document.xml";
    let body = |text: &str| {
        format!(
            "<w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
        )
    };
    let honest = archive(&[(document, body("honest words").as_bytes())]);
    let mut truncated = honest.clone();
    truncated.truncate(truncated.len() / 2);
    let mut claims_more = honest.clone();
    let end = claims_more.len() - 12;
    claims_more[end - 2..end].copy_from_slice(&[0xff, 0xff]);
    let bomb = vec![b' '; 100 * 1024 * 1024];
    let levels = "<w:p>".repeat(200_000);
    let entities = format!(
        "<!DOCTYPE w [<!ENTITY a \"{}\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>{}",
        "ha".repeat(1_000),
        body("&b;&b;&b; laughs")
    );
    let outside = "<!DOCTYPE w [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>".to_owned()
        + &body("&x; outside");
    let many: Vec<(String, &[u8])> = (0..20_001)
        .map(|number| (number.to_string(), &b""[..]))
        .collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let container =
        b"<container><rootfiles><rootfile full-path=\"a.opf\"/></rootfiles></container>";
    let leads_out =
        b"<package><manifest><item id=\"a\" href=\"../../../../etc/passwd\"/></manifest>\
        <spine><itemref idref=\"a\"/></spine></package>";
    let leads_to_itself = b"<package><manifest><item id=\"a\" href=\"a.opf\"/></manifest>\
        <spine><itemref idref=\"a\"/><itemref idref=\"a\"/></spine></package>";
    let users = b"[{\"id\": \"U1\", \"name\": \"ada\"}]";
    vec![
        ("honest.docx", honest, Ready(DOCX, "honest words")),
        (
            "truncated.docx",
            truncated,
            Failed("invalid", "ZIP archive"),
        ),
        ("claims.docx", claims_more, Failed("invalid", "ZIP archive")),
        (
            "bomb.docx",
            archive(&[(document, &bomb)]),
            Failed("too_large", "unpacks to more than"),
        ),
        (
            "nested.docx",
            archive(&[(document, levels.as_bytes())]),
            Failed("invalid", "no letters"),
        ),
        (
            "laughs.docx",
            archive(&[(document, entities.as_bytes())]),
            Ready(DOCX, "laughs"),
        ),
        (
            "outside.docx",
            archive(&[(document, outside.as_bytes())]),
            Ready(DOCX, "outside"),
        ),
        (
            "broken.docx",
            archive(&[(document, b"<w:p><w:t>a</w:p>")]),
            Failed("invalid", "a text of Word"),
        ),
        (
            "traversal.zip",
            archive(&[("../../../etc/cron.d/x", b"* * * * * root x")]),
            Failed("unsupported_media", "ZIP archive of something else"),
        ),
        (
            "absolute.zip",
            archive(&[("/etc/passwd", b"root"), ("C:\\boot.ini", b"x")]),
            Failed("unsupported_media", "ZIP archive of something else"),
        ),
        (
            "inner.zip",
            archive(&[("a.zip", &archive(&[("b.zip", &bomb[..1_000_000])]))]),
            Failed("unsupported_media", "ZIP archive of something else"),
        ),
        (
            "many.zip",
            archive(&many),
            Failed("too_large", "more than 20000 files"),
        ),
        (
            "headonly.zip",
            b"PK\x03\x04 and nothing else".to_vec(),
            Failed("invalid", "ZIP archive"),
        ),
        (
            "out.epub",
            archive(&[("META-INF/container.xml", container), ("a.opf", leads_out)]),
            Failed("invalid", "no letters"),
        ),
        (
            "itself.epub",
            archive(&[
                ("META-INF/container.xml", container),
                ("a.opf", leads_to_itself),
            ]),
            Failed("invalid", "no letters"),
        ),
        (
            "nowhere.epub",
            archive(&[("META-INF/container.xml", b"<container/>")]),
            Failed("invalid", "an EPUB"),
        ),
        (
            "slack.zip",
            archive(&[
                ("users.json", users),
                ("channels.json", b"[]"),
                ("general/2024-01-01.json", b"{}"),
            ]),
            Failed("invalid", "an export of Slack"),
        ),
    ]
}

fn pdfs() -> Vec<Hostile> {
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let dictionaries = format!("{}1{}", "<</A ".repeat(50_000), ">>".repeat(50_000));
    let panics = Failed("invalid", "the parser panicked");
    let honest = "BT /F 12 Tf 72 700 Td (Honest words) Tj ET";
    let brackets = nested.clone() + " TJ";
    let widths = [
        "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [6 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /W [0 2147483647 500] >>",
    ];
    vec![
        (
            "words.pdf",
            pdf(honest, &[HELVETICA]),
            Ready("application/pdf", "Honest words"),
        ),
        (
            "truncated.pdf",
            b"%PDF-1.7\n1 0 obj\n<<".to_vec(),
            Failed("invalid", "a PDF"),
        ),
        (
            "nothing.pdf",
            pdf("", &[HELVETICA]),
            Failed("invalid", "no text"),
        ),
        ("nested.pdf", pdf(honest, &[&nested]), panics),
        ("dictionaries.pdf", pdf(honest, &[&dictionaries]), panics),
        ("brackets.pdf", pdf(&brackets, &[HELVETICA]), panics),
        (
            "kids.pdf",
            pdf_whose_pages_are_their_own_parents(),
            Failed("invalid", "no text"),
        ),
        (
            "thousands.pdf",
            pdf_whose_pages_are_nested(10_000),
            Failed("invalid", "no text"),
        ),
        (
            "loop.pdf",
            pdf_that_draws_itself(),
            Failed("invalid", "nested too deeply"),
        ),
        ("widths.pdf", pdf(honest, &widths), panics),
        (
            "polyglot.pdf",
            [&b"%PDF-1.7\n"[..], &archive(&[("a", b"b")])].concat(),
            Failed("invalid", "a PDF"),
        ),
        (
            "page.pdf",
            b"%PDF-1.7\n<html><script>alert(1)</script>".to_vec(),
            Failed("invalid", "a PDF"),
        ),
    ]
}

fn texts() -> Vec<Hostile> {
    let name: &'static str = Box::leak(format!("{}.txt", "n".repeat(4_096)).into_boxed_str());
    let table = "<html>".to_owned() + &"<table><tr><td>cell".repeat(60_000);
    let deep = |levels| format!("<html>{}deep", "<div>".repeat(levels)).into_bytes();
    let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let telegram = format!("{{\"type\": \"a\", \"messages\": {}}}", "[".repeat(10_000));
    let wide = "a,".repeat(1_000_000);
    vec![
        (name, b"a name of four thousand letters".to_vec(), Ready(PLAIN, "four thousand")),
        ("../../../../etc/passwd", b"a name that climbs".to_vec(), Ready(PLAIN, "climbs")),
        ("script.html", b"<html><script>alert(1)</script><img src=x onerror=alert(2)><p>what is said".to_vec(), Ready(HTML, "what is said")),
        ("deep.html", deep(10_000), Ready(HTML, "deep")),
        ("deeper.html", deep(100_000), Failed("too_large", "seconds to read")),
        ("breaks.html", ("<html>".to_owned() + &"<br>".repeat(2_400_000)).into_bytes(), Failed("too_large", "MB of memory")),
        ("tables.html", table.into_bytes(), Ready(HTML, "cell")),
        ("endless.html", ("<html><table>".to_owned() + &"<tr><td>endless".repeat(600_000)).into_bytes(), Failed("too_large", "more than 2 MB of text")),
        ("unclosed.md", "[a](b ".repeat(100_000).into_bytes(), Ready("text/markdown", "[a](b")),
        ("quotes.md", "> ".repeat(200_000).into_bytes(), Failed("invalid", "no letters")),
        ("long.txt", "word ".repeat(600_000).into_bytes(), Failed("too_large", "more than 2 MB")),
        ("deep.json", json.into_bytes(), Failed("invalid", "no letters")),
        ("telegram.json", telegram.into_bytes(), Ready(PLAIN, "messages")),
        ("page.csv", b"a,b\n1,2,3,4\n\"open".to_vec(), Ready("text/csv", "a: 1")),
        ("wide.csv", wide.into_bytes(), Failed("too_large", "more than 2 MB of text")),
        ("chat.json", br#"{"guild": {"name": "a"}, "channel": {"name": "b"}, "messages": [{"timestamp": "9999999-99-99T99:99:99", "content": "x", "author": {"name": "y"}}, {"timestamp": "2024-01-01T00:00:00+00:00", "content": "<script>", "author": {"name": "\u202eevil"}}]}"#.to_vec(), Ready(JSON_TYPE, "<script>")),
        ("boundary.eml", mail_without_end().into_bytes(), Ready("message/rfc822", "Endless")),
    ]
}

/// An archive with these parts, whatever they are called.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const HELVETICA: &str =
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";

const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R >>";

/// A PDF with a page that is drawn so, with this font and what belongs to it.
fn pdf(drawing: &str, font: &[&str]) -> Vec<u8> {
    let stream = format!(
        "<< /Length {} >>\nstream\n{drawing}\nendstream",
        drawing.len()
    );
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
        /Resources << /Font << /F 5 0 R >> >> >>";
    let pages = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
    pdf_of(&[&[CATALOG, pages, page, &stream], font].concat())
}

fn pdf_whose_pages_are_their_own_parents() -> Vec<u8> {
    let pages = "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>";
    pdf_of(&[CATALOG, pages])
}

fn pdf_whose_pages_are_nested(depth: usize) -> Vec<u8> {
    let mut objects = vec![CATALOG.to_owned()];
    for number in 2..depth {
        let (parent, kid) = (number - 1, number + 1);
        objects.push(format!(
            "<< /Type /Pages /Kids [{kid} 0 R] /Count 1 /Parent {parent} 0 R >>"
        ));
    }
    objects.push("<< /Type /Page /MediaBox [0 0 1 1] >>".to_owned());
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    pdf_of(&objects)
}

fn pdf_that_draws_itself() -> Vec<u8> {
    let resources = "/Resources << /XObject << /X 5 0 R >> >>";
    pdf_of(&[
        CATALOG,
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        &format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R {resources} >>"),
        "<< /Length 5 >>\nstream\n/X Do\nendstream",
        &format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] {resources} /Length 5 >>\nstream\n/X Do\nendstream"
        ),
    ])
}

fn pdf_of(objects: &[&str]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        file += &format!("{place:010} 00000 n \n");
    }
    let size = places.len() + 1;
    file += &format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

fn mail_without_end() -> String {
    let mut mail = "From: a@example.com\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: Endless\r\nMIME-Version: 1.0\r\n".to_owned();
    for depth in 0..200 {
        mail += &format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n");
    }
    mail + "Content-Type: text/plain\r\n\r\nEndless words"
}

#[actix_web::test]
async fn hostile_files_end_as_they_must_and_conversations_go_on() {
    let limits = [
        ("TWIN_DOCUMENTS_MAX", "1000"),
        ("TWIN_SENDS_PER_MINUTE", "6000"),
    ];
    let server = TestServer::with(&limits).await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let room = conversation(&server, &ada, &twin).await;
    let mut client = follow(&server, &ada, Codec::Json, room).await;
    let corpus = corpus();
    assert!(corpus.len() >= 40, "{}", corpus.len());
    let mut wrong = Vec::new();
    let mut kept = Vec::new();
    for (number, (name, content, end)) in corpus.into_iter().enumerate() {
        let response = server.upload(&ada, &twin, name, content).await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        let short: String = name.chars().take(40).collect();
        match end {
            Refused(expected, code) => {
                if (status, body["code"].as_str()) != (expected, Some(code)) {
                    wrong.push(format!("{short}: {status} {body}"));
                }
            }
            _ if status != 201 => wrong.push(format!("{short}: {status} {body}")),
            _ => kept.push((short, text(&body["id"]), end)),
        }
        // Meanwhile somebody writes, and is answered.
        let words = format!("!say {number}");
        client.send(room, &words, None);
        next_that(&mut client, |frame| {
            matches!(frame, ServerFrame::Ack { .. }).then_some(())
        })
        .await;
    }
    for (name, id, end) in kept {
        let path = format!("/api/v1/twins/{twin}/documents/{id}");
        let document = loop {
            let read = server.get(&ada, &format!("{path}?wait=30")).await;
            let document: Value = read.json().await.unwrap();
            if document["state"] != "processing" {
                break document;
            }
        };
        let is_right = match end {
            Refused(..) => false,
            Failed(code, words) => {
                let failure = &document["failure"];
                document["state"] == "failed"
                    && failure["code"] == code
                    && failure["message"]
                        .as_str()
                        .is_some_and(|told| told.contains(words))
            }
            Ready(media_type, words) => {
                let said = server.get(&ada, &format!("{path}/text")).await;
                let said = said.text().await.unwrap();
                document["state"] == "ready"
                    && document["media_type"] == media_type
                    && said.contains(words)
                    && !said.contains("root:")
            }
        };
        if !is_right {
            let failure = &document["failure"];
            wrong.push(format!(
                "{name}: {} {} {failure}, not {end:?}",
                document["state"], document["media_type"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nothing of it was written anywhere but where uploads are.
    assert!(!server.folder.path().join("etc").exists());
    server.running.stop().await;
}

#[actix_web::test]
async fn the_owner_is_told_how_far_a_document_is() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let twin = server.twin(&ada, "public").await;
    let mut owner = connect(&server, &ada, Codec::MessagePack).await;
    let mut other = connect(&server, &bo, Codec::Json).await;
    let content = "The lamp burns oil. ".repeat(2_000);
    let document = server
        .uploaded(&ada, &twin, "lamp.txt", content.into())
        .await;
    let mut jobs = Vec::new();
    loop {
        let job = next_that(&mut owner, |frame| match frame {
            ServerFrame::Job(job) => Some(job.clone()),
            _ => None,
        })
        .await;
        assert_eq!(job.document_id.to_string(), text(&document["id"]));
        jobs.push(job);
        if jobs.last().unwrap().state != protocol::JobState::Processing {
            break;
        }
    }
    let last = jobs.last().unwrap();
    assert_eq!(last.state, protocol::JobState::Ready);
    assert_eq!(
        (last.done, last.total),
        (last.total, document["chunk_count"].as_u64().unwrap())
    );
    let steps: Vec<protocol::JobStep> = jobs.iter().map(|job| job.step).collect();
    assert_eq!(
        steps[..2],
        [protocol::JobStep::Extracting, protocol::JobStep::Chunking]
    );
    assert!(jobs.windows(2).all(|pair| pair[0].done <= pair[1].done));
    // Nobody else is: what is asked now is answered first.
    other.request(ClientFrame::Ping).await;
    next_that(&mut other, |frame| match frame {
        ServerFrame::Job(_) => panic!("somebody else was told"),
        ServerFrame::Pong { .. } => Some(()),
        _ => None,
    })
    .await;
}
