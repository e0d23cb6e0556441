//! Loops that are written out: their lists are known when the program is built.

use super::Grow;
use super::scope::{Known, Var};
use super::types::Ty;
use crate::programs::tree::Tree;

/// What a loop goes through.
pub(super) struct Source {
    /// The pattern of an item.
    pub(super) pattern: String,
    /// The expression.
    pub(super) list: String,
    /// What the pattern binds.
    pub(super) items: Vec<(String, Ty)>,
}

/// What each round of a loop gives.
pub(super) struct Given {
    values: Vec<(String, Ty)>,
    /// Whether it is a record, even of one value.
    several: bool,
}

impl Grow {
    /// A loop over constants; what its rounds give is a list.
    pub(super) fn rounds(&mut self) -> bool {
        let rounds = self.rng.usize(1..4);
        if !self.may_nest() || self.copies * rounds > 12 || self.fuel < 2 * self.copies * rounds {
            return false;
        }
        let Some(source) = self.constants(rounds) else { return false };
        let Source { pattern, list, items } = source;
        self.copies *= rounds;
        let (body, mut scope) = self.block(|grow| {
            for (name, ty) in &items {
                grow.scopes.var(name, ty.clone(), Known::Build);
            }
            let count = grow.rng.usize(1..3);
            grow.statements(count);
        });
        self.copies /= rounds;
        scope.vars.retain(|var| var.known == Known::Step && !matches!(var.ty, Ty::Maybe(_) | Ty::List(_)));
        let given = self.given(&scope.vars);
        let parallel = if self.rng.u8(0..6) == 0 {
            format!(" with {{ parallel: {} }}", self.rng.u8(1..3))
        } else {
            String::new()
        };
        self.finished("r", &format!("for {pattern} in {list} {{"), body, &given, format!("}}{parallel}"));
        true
    }

    /// What each round gives: one value, or a record of some.
    pub(super) fn given(&mut self, vars: &[Var]) -> Given {
        let several = self.rng.bool();
        let mut values: Vec<(String, Ty)> = Vec::new();
        for _ in 0..if several { 2 } else { 1 } {
            if let Some(var) = self.rng.choice(vars)
                && !values.iter().any(|(text, _)| *text == var.text)
            {
                values.push((var.text.clone(), var.ty.clone()));
            }
        }
        Given { values, several }
    }

    /// Writes a loop, bound to a name where its rounds give something.
    pub(super) fn finished(
        &mut self,
        prefix: &str,
        head: &str,
        mut body: Vec<Tree>,
        given: &Given,
        end: String,
    ) {
        if given.values.is_empty() || self.rng.u8(0..4) == 0 {
            self.push(Tree::block(head, body, end));
            return;
        }
        let name = self.name(prefix);
        let (tail, fields) = self.tail(&name, given);
        body.push(Tree::line(tail));
        self.push(Tree::block(format!("let {name} = {head}"), body, end));
        for (text, ty) in fields {
            self.scopes.var(text, ty.list(), Known::Step);
        }
        self.scopes.step(&name);
    }

    /// What a block ends in, and the lists that the loop then gives.
    fn tail(&mut self, name: &str, given: &Given) -> (String, Vec<(String, Ty)>) {
        match given.values.as_slice() {
            [(text, ty)] if !given.several => (text.clone(), vec![(name.to_owned(), ty.clone())]),
            all => {
                let fields: Vec<(String, &(String, Ty))> =
                    all.iter().map(|one| (self.name("g"), one)).collect();
                let text: Vec<String> =
                    fields.iter().map(|(field, (text, _))| format!("{field}: {text}")).collect();
                let lists = fields.iter().map(|(field, (_, ty))| (format!("{name}.{field}"), ty.clone()));
                (format!("{{ {} }}", text.join(", ")), lists.collect())
            }
        }
    }

    /// A list of so many constants.
    fn constants(&mut self, rounds: usize) -> Option<Source> {
        let ty = match self.rng.u8(0..4) {
            0 => Ty::Record(self.rng.usize(0..self.types.records.len())),
            _ => self.types.scalar(&mut self.rng),
        };
        let list = self.constant_list(&ty, rounds)?;
        let item = self.name("x");
        match self.rng.u8(0..6) {
            0 => {
                let at = self.name("i");
                let items = vec![(at.clone(), Ty::Int), (item.clone(), ty)];
                Some(Source { pattern: format!("({at}, {item})"), list: format!("enumerate({list})"), items })
            }
            1 => {
                let (other, second) = (self.name("y"), self.types.scalar(&mut self.rng));
                let beside = self.constant_list(&second, rounds)?;
                let items = vec![(item.clone(), ty), (other.clone(), second)];
                Some(Source {
                    pattern: format!("({item}, {other})"),
                    list: format!("zip({list}, {beside})"),
                    items,
                })
            }
            2 if rounds > 1 => {
                let (other, second) = (self.name("y"), self.types.scalar(&mut self.rng));
                let (few, one) = (self.constant_list(&ty, rounds)?, self.constant_list(&second, 1)?);
                let items = vec![(item.clone(), ty), (other.clone(), second)];
                Some(Source {
                    pattern: format!("({item}, {other})"),
                    list: format!("product({few}, {one})"),
                    items,
                })
            }
            3 if matches!(ty, Ty::Record(_)) => self.taken_apart(&ty, list),
            _ => Some(Source { pattern: item.clone(), list, items: vec![(item, ty)] }),
        }
    }

    /// `{ field: name }`
    pub(super) fn taken_apart(&mut self, ty: &Ty, list: String) -> Option<Source> {
        let Ty::Record(at) = ty else { return None };
        let fields = self.types.records.get(*at)?.clone();
        let items: Vec<(String, Ty)> = fields.iter().map(|(_, ty)| (self.name("x"), ty.clone())).collect();
        let parts = fields.iter().zip(&items).map(|((field, _), (name, _))| format!("{field}: {name}"));
        let pattern = format!("{{ {} }}", parts.collect::<Vec<_>>().join(", "));
        Some(Source { pattern, list, items })
    }

    fn constant_list(&mut self, ty: &Ty, rounds: usize) -> Option<String> {
        let items: Option<Vec<String>> = (0..rounds).map(|_| self.qualified(ty)).collect();
        Some(format!("[{}]", items?.join(", ")))
    }

    /// A constant that says its type where none is expected.
    fn qualified(&mut self, ty: &Ty) -> Option<String> {
        let Ty::Case(at) = ty else { return self.types.constant(ty, &mut self.rng) };
        let case = self.rng.choice(self.types.enums.get(*at)?)?;
        Some(format!("Kind{at}.{case}"))
    }
}
