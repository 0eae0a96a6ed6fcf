//! A project with a few resources, its snapshot and its state.

use std::path::Path;

use tagpol_app::inventory::InventorySource;
use tagpol_app::inventory::Snapshot;
use tagpol_app::state::{Change, Prediction, StateError};
use tagpol_app::{Project, RunContext, Silent, StateAccess, StateStore, Workspace};
use tagpol_serve_data::{BuildOptions, Contents, Generation, Generations, OpenOptions, Overlay, build};

/// When the project is evaluated.
pub(crate) const NOW: &str = "2026-11-01T12:00:00Z";

/// The policies.
pub(crate) const POLICIES: &str = r#"
tag environment: one of [production, staging, development]
tag owner: email
tag team: text

normalize environment {
  keys "env", "secret-key"
  map "prd" -> production
}

rule team-of-names {
  when resource.name has word "shop"
  fill team = "shop"
}

policy production-is-owned {
  severity high
  for resource where environment == production
  require owner else "write the owner's email address"
}

define in-production = environment == production

policy has-environment {
  severity low
  require environment
}
"#;

/// The resources. No key and no native value such as `prd` may be in any answer.
const INVENTORY: &str = "id,name,type,provider,account,region,monthly_cost,currency,tag:env,tag:secret-key,tag:owner,tag:team\n\
    i-1,shop-web,ec2:instance,aws,111,eu-1,100.50,USD,prd,,jane@example.com,\n\
    i-2,shop-db,rds:db,aws,111,eu-1,300,USD,,prd,,payments\n\
    i-3,logs,s3:bucket,aws,222,us-1,2.50,USD,hidden,,,\n\
    i-4,archive,s3:bucket,gcp,333,us-1,,USD,staging,,,payments\n";

/// A bill with the resources and what belongs to none of them.
const BILL: &str = "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,\
    BilledCost,ListCost,ProviderName,SubAccountId,RegionId,ResourceId,ResourceName,ServiceName,ChargeCategory,Tags\n\
    USD,2026-10-01,2026-11-01,2026-10-01,2026-10-02,1.50,2,3,AWS,111,eu-1,i-1,shop-web,EC2,Usage,{}\n\
    USD,2026-10-01,2026-11-01,2026-10-02,2026-10-03,2.50,2,3,AWS,111,eu-1,i-1,shop-web,EC2,Usage,{}\n\
    USD,2026-10-01,2026-11-01,2026-10-02,2026-10-03,7,7,,AWS,111,eu-1,i-2,shop-db,RDS,Usage,\"{\"\"team\"\":\"\"payments\"\"}\"\n\
    USD,2026-10-01,2026-11-01,2026-10-03,2026-10-04,10,10,10,AWS,111,eu-1,,,Support,Usage,{}\n";

/// A folder with the project and its generations.
pub(crate) struct Shop {
    pub(crate) folder: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("tagpol.toml", "name = \"shop\"\ninventory = [\"list.csv\"]\n");
        write("shop.tagpol", POLICIES);
        write("list.csv", INVENTORY);
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn generations(&self) -> Generations {
        Generations::at(self.path().join("generations"))
    }

    /// Opens the project with its inventory.
    pub(crate) fn with_workspace<T>(&self, f: impl FnOnce(&Workspace<'_>) -> T) -> T {
        self.with_workspace_at(NOW, f)
    }

    fn with_workspace_at<T>(&self, now: &str, f: impl FnOnce(&Workspace<'_>) -> T) -> T {
        let project = Project::open(Some(self.path())).unwrap();
        let context = RunContext::at(now.parse().unwrap(), &Silent);
        let source = InventorySource::default();
        f(&Workspace::open(&project, &source, &StateAccess::default(), &context).unwrap())
    }

    /// Evaluates the project at a time.
    pub(crate) fn build(&self, now: &str) -> Contents {
        self.with_workspace_at(now, |workspace| {
            let (program, snapshot) = (workspace.program(), workspace.snapshot());
            build(program, snapshot, workspace.options(), &self.generations(), &BuildOptions::default())
                .unwrap()
        })
    }

    /// Adds items to the policies.
    pub(crate) fn add_policies(&self, items: &str) {
        std::fs::write(self.path().join("more.tagpol"), format!("{items}\n")).unwrap();
    }

    /// Adds a bill of October, some charges of which name no resource.
    pub(crate) fn add_bill(&self) {
        std::fs::write(self.path().join("bill.csv"), BILL).unwrap();
        let manifest = "name = \"shop\"\ninventory = [\"list.csv\", \"bill.csv\"]\n";
        std::fs::write(self.path().join("tagpol.toml"), manifest).unwrap();
    }

    /// Changes the list of resources.
    pub(crate) fn change_inventory(&self, change: impl FnOnce(String) -> String) {
        let path = self.path().join("list.csv");
        let text = change(std::fs::read_to_string(&path).unwrap());
        std::fs::write(path, text).unwrap();
    }

    fn state(&self) -> StateStore {
        let project = Project::open(Some(self.path())).unwrap();
        StateAccess::default().locate(project.root(), project.manifest()).unwrap()
    }

    pub(crate) fn decide(&self, changes: &[Change]) {
        let at = NOW.parse().unwrap();
        self.state().write::<_, StateError>(|state| state.decide(at, "tester", changes)).unwrap();
    }

    pub(crate) fn predict(&self, predictions: &[(&str, &str, &str, f64)]) {
        let prediction = |(resource, tag, value, confidence): &(&str, &str, &str, f64)| Prediction {
            resource: (*resource).to_owned(),
            tag: (*tag).to_owned(),
            value: (*value).to_owned(),
            confidence: *confidence,
        };
        let predictions: Vec<Prediction> = predictions.iter().map(prediction).collect();
        self.state().write::<_, StateError>(|state| state.set_predictions(&predictions)).unwrap();
    }

    /// Prepares decisions on top of a generation.
    pub(crate) fn overlay(&self, generation: &Generation) -> Overlay {
        self.with_workspace(|workspace| {
            // The workspace takes its snapshot with it.
            let kept = self.path().join("kept").join(workspace.snapshot().id());
            if !kept.exists() {
                copy(workspace.snapshot().dir(), &kept);
            }
            let (program, snapshot) = (workspace.program().clone(), Snapshot::open(&kept).unwrap());
            Overlay::open(generation.clone(), program, snapshot, workspace.options()).unwrap()
        })
    }

    pub(crate) fn open(&self, id: &str) -> Generation {
        Generation::open(&self.generations(), id, &OpenOptions::default()).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
