//! What was counted, as the rules of `suggest` see it, and as a metric of a suggestion.
//!
//! Takes: [`Metrics`], the [`RetroFigures`] of the windows, the fleet. Gives: [`FactValues`] in the order of the
//! tables; and the value of a metric now, with how many issues it rests on.

use crate::advise::FactValues;
use crate::engine::value::Value;

use super::figures::RetroFigures;
use super::metrics::{Metrics, NOBODY, RetroTally, pair};

/// An agent of the fleet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetAgent {
    /// Its login.
    pub name: String,
    /// It takes work.
    pub active: bool,
}

/// Everything that rules are told.
#[derive(Debug, Clone, Copy)]
pub struct RetroCounts<'a> {
    /// What was counted.
    pub metrics: &'a Metrics,
    /// Of the window, the one before it, and the same a week ago.
    pub figures: [RetroFigures; 3],
    /// The fleet; nobody where no file was given.
    pub fleet: &'a [FleetAgent],
    /// Hours of the window.
    pub hours: f64,
}

impl RetroCounts<'_> {
    /// The facts, in the order of the tables.
    #[must_use]
    pub fn facts(&self) -> FactValues {
        let metrics = self.metrics;
        let [now, before, week_ago] = self.figures;
        let top = self.top_type();
        let globals = vec![
            count(metrics.closed.len()),
            count(metrics.merged.len()),
            count(metrics.closed_prs.len()),
            count(now.opened),
            count(metrics.open),
            count(metrics.attention.len()),
            top.map_or(Value::None, |(name, _)| text(name)),
            count(top.map_or(0, |(_, count)| count)),
            count(self.active().count()),
            texts(self.unseen()),
            texts(self.idle()),
            hours(Some(self.hours)),
            hours(now.response_median_hours),
            hours(now.response_p90_hours),
            hours(now.close_median_hours),
            hours(now.close_p90_hours),
            count(before.closed),
            count(before.merged),
            count(before.opened),
            count(week_ago.closed),
            count(week_ago.merged),
            count(week_ago.opened),
        ];
        let agents = metrics.agents.all().iter().map(|agent| {
            vec![
                text(&agent.name),
                Value::Bool(agent.name != NOBODY),
                count(agent.successes),
                count(agent.failures),
                count(agent.closed),
                count(agent.total()),
                count(metrics.open_by_holder.get(&agent.name).copied().unwrap_or(0)),
                texts(agent.repos.clone()),
            ]
        });
        let pairs = metrics.pairs.all().iter().map(|pair| {
            let (agent, repo) = pair.name.split_once('\n').unwrap_or((&pair.name, ""));
            vec![
                text(agent),
                text(repo),
                Value::Bool(agent != NOBODY),
                count(pair.successes),
                count(pair.failures),
                count(pair.total()),
            ]
        });
        let repos = metrics.repos.all().iter().map(|repo| {
            vec![
                text(&repo.name),
                count(repo.closed),
                count(repo.merged_prs),
                count(repo.closed_prs),
                count(repo.open),
                count(repo.attention),
                count(repo.successes),
                count(repo.failures),
                count(repo.total()),
            ]
        });
        let types = metrics
            .types
            .all()
            .iter()
            .map(|ty| vec![text(&ty.name), count(ty.successes), count(ty.failures), count(ty.total())]);
        FactValues { globals, collections: vec![agents.collect(), pairs.collect(), repos.collect(), types.collect()] }
    }

    /// The type that most issues in need of attention have; of equals the first that was met.
    fn top_type(&self) -> Option<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for issue in &self.metrics.attention {
            match counts.iter_mut().find(|(ty, _)| *ty == issue.ty) {
                Some((_, count)) => *count += 1,
                None => counts.push((&issue.ty, 1)),
            }
        }
        counts.into_iter().reduce(|best, one| if one.1 > best.1 { one } else { best })
    }

    fn active(&self) -> impl Iterator<Item = &str> {
        self.fleet.iter().filter(|agent| agent.active && agent.name != NOBODY).map(|agent| agent.name.as_str())
    }

    /// Active agents that neither closed nor hold a failure.
    fn unseen(&self) -> Vec<String> {
        self.without(|name| self.metrics.agents.all().iter().any(|agent| same(&agent.name, name)))
    }

    /// Active agents that hold nothing and closed nothing.
    fn idle(&self) -> Vec<String> {
        let holds = |name: &str| self.metrics.open_by_holder.keys().any(|holder| same(holder, name));
        let closed = |name: &str| self.metrics.agents.all().iter().any(|agent| same(&agent.name, name));
        self.without(|name| holds(name) || closed(name))
    }

    fn without(&self, seen: impl Fn(&str) -> bool) -> Vec<String> {
        let mut names: Vec<String> = self.active().filter(|name| !seen(name)).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A metric for a subject, and how many issues and pull requests it rests on.
    #[must_use]
    pub fn metric(&self, metric: &str, subject: Option<&str>, repo: Option<&str>) -> (Option<f64>, usize) {
        let metrics = self.metrics;
        let activity = metrics.closed.len() + metrics.merged.len() + metrics.attention.len();
        let tally = |metric: &str| -> Option<&RetroTally> {
            let subject = subject?;
            match metric {
                "agent" => metrics.agents.find(subject),
                "pair" => metrics.pairs.find(&pair(subject, repo?)),
                "repo" => metrics.repos.find(subject),
                "type" => metrics.types.find(subject),
                _ => None,
            }
        };
        // A count is known as a float exactly: there are fewer issues than such numbers.
        match metric.split_once('.') {
            Some((of, "rate")) => tally(of).map_or((None, 0), |tally| (tally.rate(), tally.total())),
            Some((of, _)) => tally(of).map_or((None, 0), |tally| (Some(tally.failures as f64), tally.total())),
            None => match metric {
                "attention" => (Some(metrics.attention.len() as f64), activity),
                "idle" => (Some(self.idle().len() as f64), self.fleet.len().max(activity)),
                "closed" => (Some(metrics.closed.len() as f64), usize::MAX),
                "merged" => (Some(metrics.merged.len() as f64), usize::MAX),
                _ => (self.figures[0].response_median_hours, self.figures[0].opened),
            },
        }
    }
}

/// Forges tell logins apart by no case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn count(number: usize) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn hours(number: Option<f64>) -> Value<'static> {
    number.map_or(Value::None, Value::Float)
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn texts(texts: Vec<String>) -> Value<'static> {
    Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect())
}
