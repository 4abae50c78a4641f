//! Drafts about Lambda functions.

use findings::{Draft, FindingType, LambdaDetails, Resource, VpcConfig};
use model::{AccountId, Region, Timestamp};

use crate::context::Context;

impl Context<'_> {
    /// The Lambda function behind the interface whose state it is; nothing where the interface is none of
    /// Lambda's, as far as is known.
    pub fn function_name(&self, time: Timestamp) -> Option<&str> {
        self.inventory.function_of_interface(self.entity.account, &self.entity.name, time)
    }

    /// A draft about the Lambda function behind the interface whose state it is; nothing where the interface
    /// is none of Lambda's. Its key is the function's name.
    pub fn function_draft(
        &self,
        finding_type: &'static FindingType,
        time: Timestamp,
    ) -> Option<Draft> {
        let name = self.function_name(time)?;
        let (account, region) = (self.entity.account, self.entity.region);
        let mut draft = Draft::new(finding_type, account, region, name, time);
        draft.resource = Resource {
            resource_type: "Lambda".to_owned(),
            lambda_details: Some(self.function_details(name, time)),
            ..Resource::default()
        };
        Some(draft)
    }

    /// What is known of the function; its network is that of the interface, where nothing else is known.
    fn function_details(&self, name: &str, time: Timestamp) -> LambdaDetails {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (account, region) = (self.entity.account, self.entity.region);
        // Where the interface names no function, its own id stands for the name.
        let arn = |account: AccountId, region: Region, name: &str| {
            let is_known = region.is_known() && account.is_known() && *name != *self.entity.name;
            is_known.then(|| {
                let (partition, region) = (region.partition(), region.as_str());
                format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
            })
        };
        let fact = self.inventory.function(account, name, time);
        let mut details = LambdaDetails {
            function_name: name.to_owned(),
            function_arn: arn(account, region, name).unwrap_or_default(),
            ..LambdaDetails::default()
        };
        let interface = self.inventory.interface(account, &self.entity.name, time);
        if let Some(interface) = interface.filter(|it| !it.vpc.is_empty()) {
            details.vpc_config = Some(VpcConfig {
                subnet_ids: some(&interface.subnet).into_iter().collect(),
                vpc_id: interface.vpc.to_string(),
                security_groups: interface.security_groups.to_vec(),
            });
        }
        let Some(fact) = fact else { return details };
        let config = &fact.config;
        if !config.arn.is_empty() {
            details.function_arn = config.arn.to_string();
        }
        details.role = some(&config.role);
        details.description = some(&config.description);
        details.function_version = some(&config.version);
        details.revision_id = some(&config.revision);
        details.last_modified_at = config.modified.map(|it| it.millis() as f64 / 1000.0);
        details.tags.clone_from(&fact.tags);
        if !config.vpc.is_empty() {
            details.vpc_config = Some(VpcConfig {
                subnet_ids: config.subnets.iter().map(ToString::to_string).collect(),
                vpc_id: config.vpc.to_string(),
                security_groups: config.security_groups.to_vec(),
            });
        }
        details
    }
}
