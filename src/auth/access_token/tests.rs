//! Forged tokens, each of which must be refused, and the few that must not be.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::*;

const SECRET: &str = "a secret of more than thirty-two bytes";
const ISSUER: &str = "Digital Twin";

fn tokens() -> AccessTokens {
    let secret = SecretString::from(SECRET);
    AccessTokens::new(&secret, ISSUER, Duration::from_secs(3_600))
}

fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": UserId::new(), "sid": TokenFamilyId::new(),
        "iat": now(), "exp": now() + 600,
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A token that is signed as it should be, whatever stands in it.
fn signed(header: &Value, claims: &Value) -> String {
    signed_with(SECRET.as_bytes(), header, claims)
}

fn signed_with(key: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let tag = Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(&message)
        .finalize()
        .into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn a_token_of_ours_says_who_it_is_for() {
    let (user, family) = (UserId::new(), TokenFamilyId::new());
    let now_ms = i64::try_from(now()).unwrap() * 1_000;
    let token = tokens().issue(user, family, now_ms);
    assert_eq!(
        tokens().verify(&token),
        Ok(Identity {
            user_id: user,
            expires_at: now_ms + 3_600_000,
            family
        })
    );
}

#[test]
fn the_forgeries_differ_from_a_token_that_passes() {
    assert!(
        tokens()
            .verify(&signed(&good_header(), &good_claims()))
            .is_ok()
    );
}

#[test]
fn expiry_is_granted_the_leeway_and_no_more() {
    let late = |seconds: u64| {
        let claims = with(good_claims(), "exp", json!(now() - seconds));
        tokens().verify(&signed(&good_header(), &claims))
    };
    assert!(late(LEEWAY.as_secs() - 10).is_ok());
    assert_eq!(
        late(LEEWAY.as_secs() + 10),
        Err(AuthenticationError::Expired)
    );
}

#[test]
fn an_expired_token_that_is_forged_as_well_counts_as_forged() {
    let claims = with(good_claims(), "exp", json!(now() - 1_000));
    let forged = signed_with(
        b"another key of thirty-two bytes or so",
        &good_header(),
        &claims,
    );
    assert_eq!(tokens().verify(&forged), Err(AuthenticationError::Invalid));
}

#[test]
fn every_forged_token_is_refused() {
    for (what, token) in forgeries() {
        assert_eq!(
            tokens().verify(&token),
            Err(AuthenticationError::Invalid),
            "{what}: {token}"
        );
    }
}

fn forgeries() -> Vec<(&'static str, String)> {
    let header = good_header();
    let claims = good_claims();
    let good = signed(&header, &claims);
    let (message, tag) = good.rsplit_once('.').unwrap();
    let (first, second) = message.split_once('.').unwrap();
    let flipped = {
        let mut bytes = URL_SAFE_NO_PAD.decode(tag).unwrap();
        bytes[0] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let hs512 = {
        let message = format!(
            "{}.{}",
            part(&json!({"typ": "JWT", "alg": "HS512"})),
            part(&claims)
        );
        let tag = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes())
            .unwrap()
            .chain_update(&message)
            .finalize()
            .into_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let header_with = |name, value| signed(&with(good_header(), name, value), &claims);
    let claims_with = |name, value| signed(&header, &with(good_claims(), name, value));
    let claims_without = |name| signed(&header, &without(good_claims(), name));
    let octet_key = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("attacker")});
    vec![
        ("nothing", String::new()),
        ("two dots", "..".to_owned()),
        ("no token at all", "Bearer".to_owned()),
        ("no signature", format!("{message}.")),
        ("no third part", message.to_owned()),
        ("a fourth part", format!("{good}.{tag}")),
        ("a flipped bit", format!("{message}.{flipped}")),
        ("cut short", good[..good.len() - 4].to_owned()),
        ("padding", format!("{good}=")),
        ("a space in front", format!(" {good}")),
        ("a line break behind", format!("{good}\n")),
        ("the parts exchanged", format!("{second}.{first}.{tag}")),
        (
            "other claims under this signature",
            format!("{first}.{}.{tag}", part(&good_claims())),
        ),
        (
            "alg none",
            format!("{}.{second}.", part(&json!({"typ": "JWT", "alg": "none"}))),
        ),
        (
            "alg None with a signature",
            header_with("alg", json!("None")),
        ),
        ("alg nOnE", header_with("alg", json!("nOnE"))),
        ("alg empty", header_with("alg", json!(""))),
        (
            "alg missing",
            signed(&without(good_header(), "alg"), &claims),
        ),
        (
            "alg HS384 over an HS256 signature",
            header_with("alg", json!("HS384")),
        ),
        ("HS512, signed with our key", hs512),
        (
            "alg RS256 with the secret as its key",
            header_with("alg", json!("RS256")),
        ),
        ("alg ES256", header_with("alg", json!("ES256"))),
        ("alg EdDSA", header_with("alg", json!("EdDSA"))),
        (
            "another key",
            signed_with(b"another key of thirty-two bytes or so", &header, &claims),
        ),
        ("an empty key", signed_with(b"", &header, &claims)),
        (
            "the sample key",
            signed_with(b"your-secure-jwt-secret", &header, &claims),
        ),
        (
            "a key id that names a file",
            header_with("kid", json!("../../dev/null")),
        ),
        (
            "a key id with SQL",
            header_with("kid", json!("x' UNION SELECT 'k'--")),
        ),
        ("an embedded key", header_with("jwk", octet_key)),
        (
            "a key's address",
            header_with("jku", json!("https://evil.example/keys")),
        ),
        ("a critical extension", header_with("crit", json!(["exp"]))),
        (
            "a token of another type",
            header_with("typ", json!("dpop+jwt")),
        ),
        ("no subject", claims_without("sub")),
        ("no family", claims_without("sid")),
        ("no expiry", claims_without("exp")),
        ("no time of issue", claims_without("iat")),
        ("no issuer", claims_without("iss")),
        ("no audience", claims_without("aud")),
        ("another issuer", claims_with("iss", json!("Digital Twin "))),
        (
            "another audience",
            claims_with("aud", json!("digital-twin-admin")),
        ),
        (
            "many audiences",
            claims_with("aud", json!([AUDIENCE, "others"])),
        ),
        (
            "a subject that is no id",
            claims_with("sub", json!("admin")),
        ),
        (
            "an expiry that is no number",
            claims_with("exp", json!("9999999999")),
        ),
        ("an expiry that is negative", claims_with("exp", json!(-1))),
        ("issued tomorrow", claims_with("iat", json!(now() + 86_400))),
        (
            "a claim that is not ours",
            claims_with("role", json!("admin")),
        ),
        ("claims that are a list", signed(&header, &json!([1, 2]))),
        (
            "over the limit",
            format!("{good}{}", "A".repeat(TOKEN_BYTES_MAX)),
        ),
    ]
}
