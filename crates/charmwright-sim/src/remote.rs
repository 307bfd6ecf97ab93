//! The scripted applications at the other end of relations.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Bag, Model, is_dying};

/// A scripted application.
///
/// It acts as a real one would: when its leader learns that our application's bag has changed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Remote {
    /// How many units it has.
    pub units: Option<u32>,
    /// What it publishes at once.
    pub publishes: Bag,
    /// What it answers once our application's bag holds certain keys.
    pub answers: Option<Answer>,
}

/// An answer to a request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// The keys that have to be in our application's bag.
    pub when: Vec<String>,
    /// What it puts into its application's bag; `{key}` stands for the value of that key in ours.
    pub bag: Bag,
    /// The secrets that it makes, by the field that refers to them.
    pub secrets: BTreeMap<String, Bag>,
    /// The field that keeps what it has read in our bag, as JSON.
    pub echo: Option<String>,
    /// Whether it grants its secrets; `false` to see what a charm does until it does.
    pub grant: Option<bool>,
}

impl Remote {
    /// The names of its units.
    pub fn unit_names(&self, app: &str) -> Vec<String> {
        (0..self.units.unwrap_or(1)).map(|number| format!("{app}/{number}")).collect()
    }

    /// Lets it act on a relation. Says whether it changed anything.
    pub fn act(&self, model: &mut Model, relation: i64) -> bool {
        let Some(one) = model.relation(relation).filter(|one| !is_dying(one)) else {
            return false;
        };
        let (app, held) = (one.remote_app.clone(), one.remote_app_bag.clone().unwrap_or_default());
        let asked = model.own_bag(relation);
        let mut wanted = self.publishes.clone();
        if let Some(answer) =
            self.answers.as_ref().filter(|answer| answer.when.iter().all(|key| asked.contains_key(key)))
        {
            wanted.extend(answer.bag.iter().map(|(key, value)| (key.clone(), filled(value, &asked))));
            for (field, content) in &answer.secrets {
                let content =
                    content.iter().map(|(key, value)| (key.clone(), filled(value, &asked))).collect();
                let known = held.get(field).and_then(|reference| reference.strip_prefix("secret:"));
                let id = secret(model, relation, &app, known, content, answer.grant.unwrap_or(true));
                wanted.insert(field.clone(), format!("secret:{id}"));
            }
            if let Some(echo) = &answer.echo {
                wanted.insert(echo.clone(), serde_json::to_string(&asked).unwrap_or_default());
            }
        }
        let gone = held.keys().filter(|key| !wanted.contains_key(*key));
        let mut changes: Bag = gone.map(|key| (key.clone(), String::new())).collect();
        changes.extend(wanted);
        model.write_remote(relation, &changes)
    }
}

fn filled(text: &str, asked: &Bag) -> String {
    asked.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

/// The secret that a field refers to: made once for a relation, given a new revision when its content changes.
fn secret(
    model: &mut Model,
    relation: i64,
    app: &str,
    known: Option<&str>,
    content: Bag,
    granted: bool,
) -> String {
    let Some(id) = known.filter(|id| model.secret(id).is_some()) else {
        return model.add_secret(app, relation, content, granted);
    };
    model.set_granted(id, granted);
    model.set_content(id, content);
    id.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn database() -> Remote {
        Remote {
            answers: Some(Answer {
                when: vec![text("database")],
                bag: Bag::from([
                    (text("endpoints"), text("pg:5432")),
                    (text("database"), text("{database}")),
                ]),
                secrets: BTreeMap::from([(
                    text("secret-user"),
                    Bag::from([(text("password"), text("pass"))]),
                )]),
                echo: Some(text("data")),
                grant: None,
            }),
            ..Remote::default()
        }
    }

    #[test]
    fn it_answers_only_when_it_has_been_asked() {
        let mut model = Model::for_tests();
        let id = model.relate("database", "pg", []);
        assert!(!database().act(&mut model, id));
        model.write_own_bag(id, "database", "guestbook");
        assert!(database().act(&mut model, id));
        let bag = model.relation(id).unwrap().remote_app_bag.clone().unwrap();
        assert_eq!(bag["database"], "guestbook");
        assert_eq!(bag["data"], r#"{"database":"guestbook"}"#);
        assert!(!database().act(&mut model, id), "nothing new to say");
    }

    #[test]
    fn another_password_is_another_revision_of_the_same_secret() {
        let mut model = Model::for_tests();
        let id = model.relate("database", "pg", []);
        model.write_own_bag(id, "database", "guestbook");
        let mut remote = database();
        remote.act(&mut model, id);
        if let Some(answer) = &mut remote.answers {
            answer.secrets.insert(text("secret-user"), Bag::from([(text("password"), text("other"))]));
        }
        assert!(!remote.act(&mut model, id), "the bag stays as it is");
        let held = model.relation(id).unwrap().remote_app_bag.clone().unwrap();
        assert_eq!(model.secret(held["secret-user"].trim_start_matches("secret:")).unwrap().latest, 2);
    }
}
