//! Groups the rows of a batch by the entity that they are about.
//!
//! A group is a run of rows by their places; rows themselves are not moved. Groups lie in the order of their key
//! groups, so that each key group finds its own.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::EntityId;

/// The groups of one scope in one batch.
#[derive(Default)]
pub(crate) struct Groups<R = u32> {
    /// Rows, group after group, in journal order within each.
    rows: Vec<R>,
    list: Vec<Group<R>>,
    /// By key group: where its groups begin in `list`; one more entry than key groups.
    begins: Vec<u32>,
}

/// The rows of one entity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Group<R = u32> {
    pub(crate) id: EntityId,
    /// A row of the group that tells the entity's name.
    pub(crate) first_row: R,
    begin: u32,
    end: u32,
}

impl Groups {
    /// Groups rows by local id. `ids` gives the entity of each local id; several may be one entity.
    pub(crate) fn by_local(ids: &[EntityId], rows: usize, local: impl Fn(usize) -> u32) -> Groups {
        let mut group_of_id: HashMap<EntityId, u32, FixedState> = HashMap::default();
        let mut entities = Vec::new();
        let group_of_local: Vec<u32> = ids
            .iter()
            .map(|&id| {
                *group_of_id.entry(id).or_insert_with(|| {
                    entities.push(id);
                    entities.len() as u32 - 1
                })
            })
            .collect();
        let group_of_row = |row: usize| group_of_local[local(row) as usize];
        Groups::build(&entities, rows, (0..rows).map(|row| (row as u32, group_of_row(row))))
    }

    /// Groups some rows by the entity named with each.
    pub(crate) fn by_entity(rows: &[(u32, EntityId)]) -> Groups {
        let mut group_of_id: HashMap<EntityId, u32, FixedState> = HashMap::default();
        let mut entities = Vec::new();
        let numbered: Vec<(u32, u32)> = rows
            .iter()
            .map(|&(row, id)| {
                let group = *group_of_id.entry(id).or_insert_with(|| {
                    entities.push(id);
                    entities.len() as u32 - 1
                });
                (row, group)
            })
            .collect();
        Groups::build(&entities, numbered.len(), numbered.iter().copied())
    }
}

impl<R: Copy + Default> Groups<R> {
    /// A counting sort: first by key group, within it in the order of first appearance. Rows come with the
    /// number of their entity.
    pub(crate) fn build(
        entities: &[EntityId],
        len: usize,
        rows: impl Iterator<Item = (R, u32)> + Clone,
    ) -> Groups<R> {
        let mut next = [0u32; EntityId::KEY_GROUPS + 1];
        for it in entities {
            next[it.key_group() + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        let (mut order, mut place) = (vec![0u32; entities.len()], vec![0u32; entities.len()]);
        for (entity, id) in entities.iter().enumerate() {
            let position = &mut next[id.key_group()];
            place[entity] = *position;
            order[*position as usize] = entity as u32;
            *position += 1;
        }
        let mut cursors = vec![0u32; entities.len()];
        for (_, entity) in rows.clone() {
            cursors[place[entity as usize] as usize] += 1;
        }
        let mut groups = Vec::with_capacity(entities.len());
        let mut begin = 0;
        for (position, &entity) in order.iter().enumerate() {
            let end = begin + cursors[position];
            let id = entities[entity as usize];
            groups.push(Group { id, first_row: R::default(), begin, end });
            cursors[position] = begin;
            begin = end;
        }
        let mut sorted = vec![R::default(); len];
        for (row, entity) in rows {
            let cursor = &mut cursors[place[entity as usize] as usize];
            sorted[*cursor as usize] = row;
            *cursor += 1;
        }
        groups.retain(|it| it.begin != it.end);
        for group in &mut groups {
            group.first_row = sorted[group.begin as usize];
        }
        let mut begins = vec![0u32; EntityId::KEY_GROUPS + 1];
        for group in &groups {
            begins[group.id.key_group() + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        Groups { rows: sorted, list: groups, begins }
    }

    /// The groups that a key group owns.
    pub(crate) fn of_key_group(&self, key_group: usize) -> &[Group<R>] {
        match self.begins[..] {
            [] => &[],
            _ => &self.list[self.begins[key_group] as usize..self.begins[key_group + 1] as usize],
        }
    }

    /// The rows of a group.
    pub(crate) fn rows(&self, group: &Group<R>) -> &[R] {
        &self.rows[group.begin as usize..group.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_group_of_its_entity_in_order() {
        let ids: Vec<EntityId> = [7u128, 300, 7, 9].map(EntityId).to_vec();
        let locals = [0u32, 1, 2, 1, 0, 1];
        let groups = Groups::by_local(&ids, locals.len(), |row| locals[row]);
        let of = |key_group: usize| -> Vec<(u128, Vec<u32>)> {
            let found = groups.of_key_group(key_group).iter();
            found.map(|it| (it.id.0, groups.rows(it).to_vec())).collect()
        };
        assert_eq!(of(7), [(7, vec![0, 2, 4])]);
        assert_eq!(of(300 % 256), [(300, vec![1, 3, 5])]);
        assert!(of(9).is_empty(), "no row names it");
    }
}
