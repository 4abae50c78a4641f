//! Descriptions that are learnt together, also by an inventory that knows more already.

use model::{AccountId, Region};

use super::describe::{DescribeError, DescribeSummary};
use super::facts::Inventory;

/// Outputs of `aws … describe-*` and its like, each of which can be read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Descriptions {
    documents: Vec<Document>,
    /// What they say to somebody who knows nothing else.
    alone: Inventory,
}

#[derive(Clone, PartialEq, Debug)]
struct Document {
    name: String,
    json: Vec<u8>,
    account: Option<AccountId>,
    region: Option<Region>,
}

impl Descriptions {
    /// Adds one; arguments and errors are those of [`Inventory::add_description`]. What cannot be read is not
    /// added.
    pub fn add(
        &mut self,
        name: &str,
        json: &[u8],
        account: Option<AccountId>,
        region: Option<Region>,
    ) -> Result<DescribeSummary, DescribeError> {
        match self.alone.add_description(name, json, account, region) {
            Ok(summary) => {
                let (name, json) = (name.to_owned(), json.to_owned());
                self.documents.push(Document { name, json, account, region });
                Ok(summary)
            }
            Err(error) => {
                // A part of it may have been learnt.
                self.alone = Inventory::default();
                self.alone.read(&self.documents);
                Err(error)
            }
        }
    }
}

impl Inventory {
    /// Learns all descriptions beside what is known.
    pub fn learn_descriptions(&mut self, descriptions: &Descriptions) {
        if *self == Inventory::default() {
            // Large descriptions need not be read a second time.
            *self = descriptions.alone.clone();
            return;
        }
        self.read(&descriptions.documents);
    }

    fn read(&mut self, documents: &[Document]) {
        for Document { name, json, account, region } in documents {
            let learnt = self.add_description(name, json, *account, *region);
            debug_assert!(learnt.is_ok(), "{name} was read before");
        }
    }
}
