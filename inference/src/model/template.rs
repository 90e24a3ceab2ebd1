//! The chat template that a model brings along, rendered as transformers renders it.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value, context};

use crate::Role;

/// How many instructions a template may take; real ones take some dozens a message.
const FUEL: u64 = 10_000_000;

/// A compiled chat template.
#[derive(Debug)]
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    beginning: String,
    end: String,
}

impl ChatTemplate {
    /// Compiles a template; `beginning` and `end` are the texts of the tokens that begin and end a sequence.
    pub(crate) fn new(
        source: &str,
        beginning: Option<&str>,
        end: Option<&str>,
    ) -> Result<Self, String> {
        let mut environment = Environment::new();
        // The settings of transformers' own environment.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.map_err(|error| error.to_string())?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function(
            "raise_exception",
            |message: String| -> Result<String, Error> {
                Err(Error::new(ErrorKind::InvalidOperation, message))
            },
        );
        let compiled = environment.add_template_owned("chat", source.to_owned());
        compiled.map_err(|error| format!("its chat template does not compile: {error}"))?;
        let text = |token: Option<&str>| token.unwrap_or_default().to_owned();
        Ok(Self {
            environment,
            beginning: text(beginning),
            end: text(end),
        })
    }

    /// The prompt after which the model writes its turn.
    pub(crate) fn render<'a>(
        &self,
        messages: impl Iterator<Item = (Role, &'a str)>,
    ) -> Result<String, String> {
        let messages: Vec<Value> = messages
            .map(|(role, content)| context! { role => role.as_str(), content })
            .collect();
        let template = self
            .environment
            .get_template("chat")
            .map_err(|error| error.to_string())?;
        let rendered = template.render(context! {
            messages,
            tools => (),
            documents => (),
            add_generation_prompt => true,
            bos_token => self.beginning.as_str(),
            eos_token => self.end.as_str(),
        });
        rendered.map_err(|error| {
            error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::fixtures;

    #[derive(Deserialize)]
    struct Rendering {
        name: String,
        source: String,
        messages: Vec<fixtures::Message>,
        rendered: Option<String>,
        refused: Option<String>,
    }

    #[test]
    fn templates_render_and_refuse_as_in_transformers() {
        let renderings: Vec<Rendering> = fixtures::read("templates.json");
        for Rendering {
            name,
            source,
            messages,
            rendered,
            refused,
        } in &renderings
        {
            let template = ChatTemplate::new(source, Some("<s>"), Some("</s>")).unwrap();
            let messages = messages
                .iter()
                .map(|message| (message.role(), message.content.as_str()));
            let expected = rendered.clone().ok_or_else(|| refused.clone().unwrap());
            assert_eq!(template.render(messages), expected, "{name}");
        }
        assert_eq!(renderings.len(), 27);
    }

    fn render(source: &str, messages: &[(Role, &str)]) -> Result<String, String> {
        ChatTemplate::new(source, Some("<s>"), Some("</s>"))?.render(messages.iter().copied())
    }

    #[test]
    fn a_template_sees_messages_special_tokens_and_python_methods() {
        let source = "{{ bos_token }}{% for m in messages %}\n  {% if loop.first %}\n{{ m['role'].upper() }}: {{ m.content.strip() | trim }}{{ eos_token }}\n  {% endif %}\n{% endfor %}{% if add_generation_prompt %}>{% endif %}";
        assert_eq!(
            render(source, &[(Role::User, " <b> & ")]),
            Ok("<s>USER: <b> &</s>\n>".into())
        );
    }

    #[test]
    fn a_template_may_refuse_a_conversation_in_its_own_words() {
        let source = "{{ raise_exception('roles must alternate') }}";
        assert_eq!(
            render(source, &[(Role::User, "x")]),
            Err("roles must alternate".into())
        );
    }

    #[test]
    fn a_template_that_does_not_compile_is_refused_at_load() {
        let error = ChatTemplate::new("{% for %}", None, None).unwrap_err();
        assert!(
            error.starts_with("its chat template does not compile: "),
            "{error}"
        );
    }

    #[test]
    fn a_template_that_never_ends_runs_out_of_fuel() {
        let source = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}";
        assert!(render(source, &[(Role::User, "x")]).is_err());
    }
}
