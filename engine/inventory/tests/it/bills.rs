//! Bills as JSON, and those of other kinds than FOCUS and the reports of AWS and Azure.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use tagpol_inventory::{Format, Import, ImportError, ImportOptions, detect, import};

use crate::support::*;

/// Returns the resources of a bill, each as `id cost key=value …`.
fn billed(import: &Import) -> Vec<String> {
    let line = |resource: tagpol_inventory::Resource| {
        let tags = resource.tags.iter().map(|(key, value)| format!(" {key}={value}"));
        format!("{} {}{}", resource.id, resource.monthly_cost.unwrap(), tags.collect::<String>())
    };
    resources(import).into_iter().map(line).collect()
}

/// Three charges as BigQuery exports them: what is null is left out, and tags are nested in several ways.
const FOCUS_LINES: &str = r#"{"BilledCost":"1.5","EffectiveCost":1.10,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-01 00:00:00 UTC","ChargePeriodEnd":"2026-11-01 00:00:00 UTC","ProviderName":"Google Cloud","SubAccountId":"shop","Tags":[]}
{"BilledCost":"2","EffectiveCost":"2.2e0","BillingCurrency":"EUR","ChargePeriodStart":"2026-10-01T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-1","ChargeCategory":"Usage","Tags":[{"key":"team","value":"web"},{"key":"valueless"}]}
{"BilledCost":3,"EffectiveCost":3.3,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-02T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-2","Tags":{"team":"data","n":7,"gone":null}}
{"BilledCost":4,"EffectiveCost":4.4,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-03T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-3","Tags":"{\"team\":\"lab\"}"}
"#;

#[test]
fn focus_as_json() {
    let array = format!("[{}]", FOCUS_LINES.trim_end().replace('\n', ",\n  "));
    for (name, content) in [("bill.ndjson", FOCUS_LINES), ("bill.json", &array), ("export", FOCUS_LINES)] {
        let files = Files::new();
        let path = files.add(&format!("{name}.gz"), gzip(content));
        assert_eq!(detect(&path).unwrap(), Format::FocusJson, "{name}");
        let import = import(&[path], &options(), &mut |_| {}).unwrap();
        let expected = ["r-1 2.2 team=web valueless=", "r-2 3.3 n=7 team=data", "r-3 4.4 team=lab"];
        assert_eq!(billed(&import), expected, "{name}");
        assert_eq!(import.counts().unattributed_cost, Some(decimal("1.1")));
        assert_eq!((import.currency(), import.counts().rows), (Some("EUR"), 4));
        assert_eq!(resources(&import)[0].account.as_deref(), Some("shop"));
        assert_eq!(resources(&import)[0].provider.as_deref(), Some("gcp"));
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn columns_appear_at_any_charge_of_json() {
    let charge = |more: &str| {
        format!(
            r#"{{"EffectiveCost":1,"BillingCurrency":"USD","ChargePeriodStart":"2026-10-31","ServiceName":"x"{more}}}"#
        )
    };
    // Beyond what the detection of the format looks at.
    let many = format!("{}\n", charge("")).repeat(2_000);
    let last = charge(r#","ResourceId":"r-1","Tags":{"team":"web"},"RegionId":"eu-west-1""#);
    let import = read("bill.ndjson", format!("{many}{last}")).unwrap();
    assert_eq!(billed(&import), ["r-1 1 team=web"]);
    assert_eq!(only(&import).region.as_deref(), Some("eu-west-1"));
    assert_eq!(import.counts().unattributed_rows, 2_000);
    assert_eq!(rejects(&import), Vec::<String>::new());

    // The names of flat columns are those of nested ones, wherever they appear first.
    let flat = |more: &str| {
        format!(
            r#"{{"billing_account_id":"1","usage_start_time":"2026-10-31","cost":1,"currency":"USD"{more}}}"#
        )
    };
    let last = flat(r#","resource_global_name":"//storage.googleapis.com/logs","labels":{"team":"web"}"#);
    for lines in [1, 2_000] {
        let many = format!("{}\n", flat("")).repeat(lines);
        let import = read("bill.ndjson", format!("{many}{last}")).unwrap();
        assert_eq!(billed(&import), ["//storage.googleapis.com/logs 1 team=web"], "{lines}");
        assert_eq!(rejects(&import), Vec::<String>::new(), "{lines}");
    }

    let none = read("bill.ndjson", charge("")).unwrap();
    let notes = [
        "1 note [ResourceId] -: no charge of the file has a resource",
        "1 note [Tags] -: no charge of the file has tags",
    ];
    assert_eq!(rejects(&none), notes);
}

#[test]
fn charges_of_json_that_cannot_be_read() {
    let charge = |more: &str| {
        format!(r#"{{"EffectiveCost":1,"BillingCurrency":"USD","ChargePeriodEnd":null,"Tags":null,{more}}}"#)
    };
    let lines = [
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"r-1""#),
        charge(r#""ChargePeriodStart":"soon","ResourceId":"r-2""#),
        charge(r#""ResourceId":"r-3""#),
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"r-4","EffectiveCost":"five","Tags":7"#),
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"\ud800""#),
        r#"{"EffectiveCost":}"#.to_owned(),
        "[7]".to_owned(),
    ];
    let import = read("bill.ndjson", lines.join("\n")).unwrap();
    assert_eq!(billed(&import), ["r-1 1", "r-4 0"]);
    assert_eq!(
        rejects(&import),
        [
            "2 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time such as `2026-09-01T00:00:00Z`: `soon`",
            "3 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time",
            "4 value [EffectiveCost] : the member occurs twice; the later value is used",
            "4 value [EffectiveCost] r-4: expected a number such as `12.50`; the charge counts as 0",
            "4 value [Tags] r-4: the tags are not a JSON object; the charge is counted without tags",
            "5 row -: its id is not valid UTF-8 and does not identify a resource",
            "6:18 row -: it is not valid JSON: expected value",
            "7:2 row -: it is not a JSON object: invalid type: integer `7`, expected a JSON object",
        ]
    );
    let lacks =
        read("bill.json", r#"[{"EffectiveCost":1,"ChargePeriodStart":"2026-10-31","ServiceCategory":""}]"#);
    assert!(
        matches!(&lacks, Err(ImportError::MissingColumns { columns, .. }) if columns == &["BillingCurrency"]),
        "{lacks:?}"
    );
    let cut = read("bill.ndjson", &FOCUS_LINES[..FOCUS_LINES.len() - 20]);
    assert!(matches!(cut, Err(ImportError::Truncated { line: 4, .. })), "{cut:?}");
    let wide: String = (0..2_500).map(|i| format!(r#""x_{i}":1,"#)).collect();
    let wide = charge(&format!(r#"{wide}"ChargePeriodStart":"2026-10-31""#));
    assert!(matches!(read("bill.ndjson", wide), Err(ImportError::TooLarge { .. })));
    let strict = ImportOptions { strict: true, ..options() };
    assert!(matches!(read_with("bill.ndjson", lines.join("\n"), &strict), Err(ImportError::Strict { .. })));
}

/// Charges of Google's detailed export: of an instance with credits, of a bucket, a tax, and a rounding error.
const GCP_LINES: &str = r#"{"billing_account_id":"01-A","service":{"id":"6F","description":"Compute Engine"},"sku":{"id":"1","description":"Core"},"usage_start_time":"2026-10-31 22:00:00 UTC","usage_end_time":"2026-10-31 23:00:00 UTC","project":{"id":"shop","number":"42","name":"Shop","labels":[{"key":"cost-center","value":"7"},{"key":"team","value":"all"}]},"labels":[{"key":"team","value":"web"}],"system_labels":[{"key":"compute.googleapis.com/cores","value":"2"}],"location":{"location":"europe-west1-b","region":"europe-west1"},"tags":[{"key":"env","value":"prod","inherited":true,"namespace":"42"},{"key":"team","value":"none","inherited":true,"namespace":"42"}],"resource":{"name":"web-1","global_name":"//compute.googleapis.com/projects/42/zones/europe-west1-b/instances/77"},"cost":"10.5","cost_at_list":12.25,"currency":"EUR","credits":[{"name":"Sustained","amount":-1.5,"type":"SUSTAINED_USAGE_DISCOUNT"},{"name":"Committed","amount":"-2","type":"COMMITTED_USAGE_DISCOUNT"}],"invoice":{"month":"202610"},"cost_type":"regular"}
{"billing_account_id":"01-A","service":{"description":"Cloud Storage"},"usage_start_time":"2026-10-31 22:00:00 UTC","project":{"id":"shop","number":"42","labels":[]},"labels":[],"tags":[],"location":{"location":"eu"},"resource":{"name":"logs","global_name":"//storage.googleapis.com/logs"},"cost":0.25,"currency":"EUR","credits":[],"invoice":{"month":"202610"},"cost_type":"regular"}
{"billing_account_id":"01-A","service":{"description":"Invoice"},"usage_start_time":"2026-11-01 07:00:00 UTC","labels":[],"tags":[],"cost":1.9,"currency":"EUR","credits":[],"invoice":{"month":"202610"},"cost_type":"tax"}
{"billing_account_id":"01-A","service":{"description":"Invoice"},"usage_start_time":"2026-10-31 07:00:00 UTC","cost":-0.01,"currency":"EUR","invoice":{"month":"202610"},"cost_type":"rounding_error"}
"#;

/// The same in one table, as a query selects it for a file of CSV.
const GCP_TABLE: &str = r#"billing_account_id,service_description,usage_start_time,project_id,project_number,project_labels,labels,tags,location_location,location_region,resource_name,resource_global_name,cost,cost_at_list,currency,credits,invoice_month,cost_type
01-A,Compute Engine,2026-10-31 22:00:00 UTC,shop,42,"[{""key"":""cost-center"",""value"":""7""},{""key"":""team"",""value"":""all""}]","[{""key"":""team"",""value"":""web""}]","[{""key"":""env"",""value"":""prod""},{""key"":""team"",""value"":""none""}]",europe-west1-b,europe-west1,web-1,//compute.googleapis.com/projects/42/zones/europe-west1-b/instances/77,10.5,12.25,EUR,"[{""amount"":-1.5},{""amount"":""-2""}]",202610,regular
01-A,Cloud Storage,2026-10-31 22:00:00 UTC,shop,42,[],[],[],eu,,logs,//storage.googleapis.com/logs,0.25,,EUR,[],202610,regular
01-A,Invoice,2026-11-01 07:00:00 UTC,,,,,,,,,,1.9,,EUR,,202610,tax
01-A,Invoice,2026-10-31 07:00:00 UTC,,,,,,,,,,-0.01,,EUR,,202610,rounding_error
"#;

/// The same as Parquet, nested as BigQuery exports it.
fn gcp_parquet() -> Vec<u8> {
    let text = |cells: [Option<&str>; 4]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
    let field = |name: &str, type_: &DataType| Arc::new(Field::new(name, type_.clone(), true));
    let nested = |members: Vec<(&str, ArrayRef)>, is_there: Option<[bool; 4]>| {
        let fields = members.iter().map(|(name, array)| field(name, array.data_type())).collect();
        let arrays = members.into_iter().map(|(_, array)| array).collect();
        let nulls = is_there.map(|rows| NullBuffer::from(rows.to_vec()));
        Arc::new(StructArray::new(fields, arrays, nulls)) as ArrayRef
    };
    // Of the first row only; the other lists are empty.
    let list = |members: Vec<(&str, ArrayRef)>| {
        let fields: Fields = members.iter().map(|(name, array)| field(name, array.data_type())).collect();
        let len = members[0].1.len();
        let arrays = members.into_iter().map(|(_, array)| array).collect();
        let items = StructArray::new(fields.clone(), arrays, None);
        let lengths = OffsetBuffer::from_lengths([len, 0, 0, 0]);
        let item = Arc::new(Field::new("element", DataType::Struct(fields), true));
        Arc::new(ListArray::new(item, lengths, Arc::new(items), None)) as ArrayRef
    };
    let texts = |cells: &[&str]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
    let pairs = |keys: &[&str], values: &[&str]| list(vec![("key", texts(keys)), ("value", texts(values))]);
    let credits = list(vec![
        ("name", texts(&["Sustained", "Committed"])),
        ("amount", Arc::new(Float64Array::from(vec![-1.5, -2.0]))),
    ]);
    let moment = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros();
    let starts =
        ["2026-10-31T22:00:00Z", "2026-10-31T22:00:00Z", "2026-11-01T07:00:00Z", "2026-10-31T07:00:00Z"];
    let starts = TimestampMicrosecondArray::from(starts.map(moment).to_vec()).with_timezone("UTC");
    let project_labels = pairs(&["cost-center", "team"], &["7", "all"]);
    let project = vec![
        ("id", text([Some("shop"), Some("shop"), None, None])),
        ("number", text([Some("42"), Some("42"), None, None])),
        ("labels", project_labels),
    ];
    let names = text([Some("web-1"), Some("logs"), None, None]);
    let instance = "//compute.googleapis.com/projects/42/zones/europe-west1-b/instances/77";
    let global = text([Some(instance), Some("//storage.googleapis.com/logs"), None, None]);
    let services = ["Compute Engine", "Cloud Storage", "Invoice", "Invoice"].map(Some);
    let with_project = Some([true, true, false, false]);
    let batch = RecordBatch::try_from_iter([
        ("billing_account_id", text([Some("01-A"); 4])),
        ("service", nested(vec![("description", text(services))], None)),
        ("usage_start_time", Arc::new(starts) as ArrayRef),
        ("project", nested(project, with_project)),
        ("labels", pairs(&["team"], &["web"])),
        ("tags", pairs(&["env", "team"], &["prod", "none"])),
        (
            "location",
            nested(
                vec![
                    ("location", text([Some("europe-west1-b"), Some("eu"), None, None])),
                    ("region", text([Some("europe-west1"), None, None, None])),
                ],
                None,
            ),
        ),
        ("resource", nested(vec![("name", names), ("global_name", global)], with_project)),
        ("cost", Arc::new(Float64Array::from(vec![10.5, 0.25, 1.9, -0.01])) as ArrayRef),
        ("cost_at_list", Arc::new(Float64Array::from(vec![Some(12.25), None, None, None])) as ArrayRef),
        ("currency", text([Some("EUR"); 4])),
        ("credits", credits),
        ("invoice", nested(vec![("month", text([Some("202610"); 4]))], None)),
        ("cost_type", text([Some("regular"), Some("regular"), Some("tax"), Some("rounding_error")])),
    ]);
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn billing_exports_of_google() {
    let array = format!("[{}]", GCP_LINES.trim_end().replace('\n', ","));
    let contents = [
        ("bill.ndjson", GCP_LINES.as_bytes().to_vec()),
        ("bill.json", array.into_bytes()),
        ("bill.csv", GCP_TABLE.as_bytes().to_vec()),
        ("bill.parquet", gcp_parquet()),
    ];
    for (name, content) in contents {
        let files = Files::new();
        let path = files.add(name, content);
        assert_eq!(detect(&path).unwrap(), Format::GcpBilling, "{name}");
        let import = import(&[path], &options(), &mut |_| {}).unwrap();
        let instance = "//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/web-1";
        // The label of the resource counts before its tag; those of the project have a prefix.
        let tags = "env=prod projectLabel/cost-center=7 projectLabel/team=all team=web";
        let expected = [format!("{instance} 7.0 {tags}"), "//storage.googleapis.com/logs 0.25".to_owned()];
        assert_eq!(billed(&import), expected, "{name}");
        let [web, logs] = &resources(&import)[..] else { panic!("two resources") };
        assert_eq!((web.name.as_deref(), web.account.as_deref()), (Some("web-1"), Some("shop")), "{name}");
        assert_eq!((web.region.as_deref(), logs.region.as_deref()), (Some("europe-west1"), Some("eu")));
        assert_eq!(web.type_.as_deref(), Some("compute.googleapis.com/Instance"));
        let counts = import.counts();
        assert_eq!((counts.rows, counts.unattributed_rows), (4, 2), "{name}");
        assert_eq!(counts.unattributed_cost, Some(decimal("1.89")), "{name}");
        let months = &import.month().unwrap().available;
        assert_eq!(months.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-10"], "{name}");
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn billing_exports_of_google_without_resources_or_with_damage() {
    let standard = "billing_account_id,usage_start_time,cost,currency\n01-A,2026-10-31,1,EUR\n";
    let import = read("a.csv", standard).unwrap();
    assert_eq!(
        rejects(&import),
        [
            "1 note [resource.global_name] -: without this column no charge can be assigned to a resource; use the detailed export",
            "1 note [labels] -: without this column charges have no labels",
            "1 note [credits] -: without this column costs are those before credits",
        ]
    );
    let line = |more: &str| {
        format!(r#"{{"billing_account_id":"01-A","usage_start_time":"2026-10-31","currency":"EUR",{more}}}"#)
    };
    let lines = [
        line(r#""cost":1,"credits":[{"amount":"much"}],"labels":[{"value":"x"}]"#),
        line(r#""cost":2,"credits":{"amount":1},"invoice":{"month":"October"}"#),
        line(r#""cost":4,"invoice":{"month":"2026-09"},"project":{"id":"shop"}"#),
    ];
    let import = read("a.ndjson", lines.join("\n")).unwrap();
    assert_eq!(
        rejects(&import),
        [
            "1 value [credits] : expected a list of credits, each with an `amount`; those without count as 0",
            "1 value [Tags] : the list of tags has an entry without a `Key`; the charge is counted without tags",
            "2 value [invoice.month] : expected a month such as `202610`; the charge is in the month in which it starts",
            "2 value [credits] : expected a list of credits, each with an `amount`; those without count as 0",
            "1 note [resource.global_name] -: no charge of the file has a resource, which only the detailed export has",
        ]
    );
    assert_eq!(import.month().unwrap().available.len(), 2);
}

/// A report of Oracle: usage of an instance on two days and its correction, and a charge without a resource.
const OCI: &str = "\
lineItem/referenceNo,lineItem/tenantId,lineItem/intervalUsageStart,lineItem/intervalUsageEnd,product/service,product/compartmentId,product/compartmentName,product/region,product/resourceId,usage/billedQuantity,cost/subscriptionId,cost/productSku,cost/unitPrice,cost/myCost,cost/currencyCode,lineItem/isCorrection,tags/Operations.CostCenter,tags/team
1,ocid1.tenancy.oc1..t,2026-10-30T22:00Z,2026-10-30T23:00Z,COMPUTE,ocid1.compartment.oc1..shop,shop,eu-frankfurt-1,ocid1.instance.oc1..a,2,9,B1,0.05,0.10,EUR,false,42,web
2,ocid1.tenancy.oc1..t,2026-10-31T23:00Z,2026-11-01T00:00Z,COMPUTE,ocid1.compartment.oc1..shop,shop,eu-frankfurt-1,ocid1.instance.oc1..a,2,9,B1,0.05,0.2,EUR,false,42,
3,ocid1.tenancy.oc1..t,2026-10-30T22:00Z,2026-10-30T23:00Z,COMPUTE,ocid1.compartment.oc1..shop,shop,eu-frankfurt-1,ocid1.instance.oc1..a,-2,9,B1,0.05,-0.01,EUR,true,42,web
4,ocid1.tenancy.oc1..t,2026-10-30T22:00Z,2026-10-30T23:00Z,NETWORK,,,eu-frankfurt-1,,1,9,B2,1,1.5,EUR,false,,
";

#[test]
fn cost_reports_of_oracle() {
    let files = Files::new();
    let path = files.add("reports_cost-csv_0001.csv.gz", gzip(OCI));
    assert_eq!(detect(&path).unwrap(), Format::OciCost);
    let import = import(&[path], &options(), &mut |_| {}).unwrap();
    assert_eq!(billed(&import), ["ocid1.instance.oc1..a 0.29 Operations.CostCenter=42 team=web"]);
    let instance = only(&import);
    assert_eq!(instance.account.as_deref(), Some("ocid1.compartment.oc1..shop"));
    assert_eq!(
        (instance.provider.as_deref(), instance.region.as_deref()),
        (Some("oci"), Some("eu-frankfurt-1"))
    );
    assert_eq!(instance.type_.as_deref(), Some("COMPUTE"));
    assert_eq!(import.counts().unattributed_cost, Some(decimal("1.5")));
    assert!(import.month().unwrap().whole);
    assert_eq!(rejects(&import), Vec::<String>::new());

    let untagged: String = OCI.replace("tags/Operations.CostCenter,tags/team", "x,y");
    let note = "1 note [tags] -: the report has no columns of tags, such as `tags/Operations.CostCenter`";
    assert_eq!(rejects(&read("a.csv", untagged).unwrap()), [note]);
    let lacks = read("a.csv", "lineItem/intervalUsageStart,cost/myCost\n");
    assert!(matches!(&lacks, Err(ImportError::MissingColumns { format: Format::OciCost, .. })), "{lacks:?}");
}

fn meanings(pairs: &[(&str, &str)]) -> ImportOptions {
    let columns = pairs.iter().map(|(heading, meaning)| ((*heading).to_owned(), (*meaning).to_owned()));
    ImportOptions { columns: columns.collect(), ..options() }
}

#[test]
fn a_bill_of_any_vendor_by_the_meanings_of_its_columns() {
    let named = meanings(&[
        ("Datum", "usage_start"),
        ("Betrag", "cost"),
        ("Währung", "currency"),
        ("Dienst", "service"),
        ("Kunde", "account"),
        ("Ressource", "id"),
        ("Art", "category"),
        ("Kostenstelle", "tag:cost-center"),
    ]);
    let text = "Datum;Ressource;Dienst;Kunde;Betrag;Währung;Art;Kostenstelle;Cost;Team\n\
        31.10.2026;srv-1;Hosting;shop;1.234,50;EUR;Usage;42;9;web\n\
        30.10.2026;srv-1;Hosting;shop;-34,50;EUR;Credit;42;9;web\n\
        30.10.2026;;Support;shop;100;EUR;Purchase;;9;\n\
        ;;Summe;;1.300,00;EUR;;;27;\n";
    for name in ["bill.csv", "bill.txt", "bill"] {
        let import = read_with(name, text, &named).unwrap();
        assert_eq!(import.sources()[0].format, Format::CsvBill, "{name}");
        assert_eq!(billed(&import), ["srv-1 1200.00 cost-center=42"]);
        let server = only(&import);
        assert_eq!((server.account.as_deref(), server.type_.as_deref()), (Some("shop"), Some("Hosting")));
        assert_eq!(import.counts().unattributed_cost, Some(decimal("100")));
        assert_eq!(import.currency(), Some("EUR"));
        assert_eq!(import.month().unwrap().month.to_string(), "2026-10");
        assert_eq!(
            rejects(&import),
            [
                "1 note [Cost] -: the column may have amounts, and is not counted; `[columns]` of tagpol.toml can give it a meaning",
                "1 note [Team] -: the column may have tags, and is not read; `[columns]` of tagpol.toml can give it a meaning",
                "2 note [cost] -: amounts such as `1.234,50` are read as `1234.50`",
                "5 row [usage_start] -: its `usage_start` is not a time",
            ]
        );
    }
}

#[test]
fn days_and_months_of_plain_bills() {
    // Without meanings, headings have to be the names themselves.
    let text = "Invoice Month,Cost,Currency,Service\n2026-10,5,USD,DNS\n202610,$2,,DNS\nOctober,1,USD,DNS\n";
    let import = read("a.csv", text).unwrap();
    assert_eq!(import.sources()[0].format, Format::CsvBill);
    assert_eq!(import.counts().unattributed_cost, Some(decimal("7")));
    assert_eq!(
        rejects(&import),
        [
            "3 note [cost] -: amounts such as `$2` are read as `2`",
            "3 value [currency] : the charge has no currency; it is taken to be in that of the bill",
            "4 value [invoice_month] : expected a month such as `202610`; the charge is in the month in which it starts",
            "4 row [invoice_month] -: its `invoice_month` is not a month such as `2026-10`",
        ]
    );
    let days = "When,Cost,Until\n10/09/2026,3,10/10/2026\n";
    for (order, month) in [("month-first", "2026-10"), ("day-first", "2026-09")] {
        let start = format!("usage_start:{order}");
        let columns = meanings(&[("When", start.as_str()), ("Until", "usage_end")]);
        let with_currency = ImportOptions { currency: Some("EUR".to_owned()), ..columns };
        let import = read_with("a.csv", days, &with_currency).unwrap();
        assert_eq!(import.month().unwrap().month.to_string(), month);
        assert_eq!((import.currency(), rejects(&import)), (Some("EUR"), Vec::new()));
    }
    let unclear = read_with("a.csv", days, &meanings(&[("When", "usage_start")])).unwrap_err();
    assert!(unclear.to_string().contains("its `usage_start` is not a time such as"), "{unclear}");
    let lacks = ImportOptions { format: Some(Format::CsvBill), ..options() };
    let lacks = read_with("a.csv", "id,price\n1,2\n", &lacks);
    assert!(
        matches!(&lacks, Err(ImportError::MissingColumns { columns, .. }) if columns == &["cost", "usage_start"]),
        "{lacks:?}"
    );
    let list =
        read_with("a.csv", "id,When\ni-1,2026-10-01\n", &meanings(&[("When", "usage_start")])).unwrap();
    assert_eq!(
        rejects(&list),
        [
            "1 note [When] -: the column is kept in `meta`: `usage_start` is for bills, which need a `cost`, and a `usage_start` or an `invoice_month`"
        ]
    );
}

const FOCUS: &str =
    "ProviderName,ServiceName,SubAccountId,BillingCurrency,ChargePeriodStart,EffectiveCost,ResourceId,Tags";

#[test]
fn columns_of_bills_that_are_not_read_are_named() {
    let bill = format!(
        "{FOCUS},x_NetCost,x_BilledCostInUsd,AllocatedTags,x_Amount,owner,ListUnitPrice\n\
         AWS,EC2,1,USD,2026-10-31,1,i-1,,1,1,{{}},1,me,1\n"
    );
    let strict = ImportOptions { strict: true, ..options() };
    assert_eq!(
        rejects(&read_with("a.csv", bill, &strict).unwrap()),
        [
            "1 note [x_NetCost] -: the column may have amounts, and is not counted; so may `x_Amount`",
            "1 note [AllocatedTags] -: the column may have tags, and is not read; so may `owner`",
        ]
    );
}

#[test]
fn amounts_and_tags_of_bills_that_people_edited() {
    let row = |cost: &str, id: &str, tags: &str| {
        format!("AWS,EC2,1,USD,2026-10-31,\"{cost}\",{id},\"{}\"\n", tags.replace('"', "\"\""))
    };
    let bill = [
        format!("{FOCUS}\n"),
        row("1,234.50", "r-1", r#"{"env":"prod","team":"shop"}:"#),
        row("$5", "r-2", r#""env": "prod","meta": {"team": "x"},"team": "shop""#),
        row("1,234", "r-3", r#"{"env":"prod","Env":"dev"}"#),
        row("5 apples", "r-4", "{'env': 'prod'}"),
        row("2", "r-5", r#"{"cost_center":"1","costCenter":"1"}"#),
        row("3", "r-6", r#"{"team":"a","team":"b","n":10010000000000000000001}"#),
    ];
    let import = read("a.csv", bill.concat()).unwrap();
    assert_eq!(
        billed(&import),
        [
            "r-1 1234.50 env=prod team=shop",
            r#"r-2 5 env=prod meta={"team": "x"} team=shop"#,
            "r-3 0 Env=dev env=prod",
            "r-4 0",
            "r-5 2 costCenter=1 cost_center=1",
            "r-6 3 n=10010000000000000000001 team=b",
        ]
    );
    assert_eq!(
        rejects(&import),
        [
            "2 note [EffectiveCost] -: amounts such as `1,234.50` are read as `1234.50`",
            "2 value [Tags] r-1: the tags are not valid JSON; read of them: `env`, `team`",
            "4 value [EffectiveCost] r-3: it may be thousands or a fraction, so write it with a point and without separators; the charge counts as 0",
            "4 note [Tags] -: tags such as `Env` = `dev` and `env` = `prod` of one charge are two spellings of one key",
            "5 value [EffectiveCost] r-4: expected a number such as `12.50`; the charge counts as 0",
            "5 value [Tags] r-4: key must be a string; the charge is counted without tags",
            "7 value [Tags] r-6: the tag `team` occurs twice; the later value is kept",
        ]
    );
    let strict = ImportOptions { strict: true, ..options() };
    let error = read_with("a.csv", bill.concat(), &strict).unwrap_err();
    assert_eq!(error.line(), Some(2), "{error}");
}

#[test]
fn exports_of_azure_with_other_headers() {
    let account = "0A1B2C3D-1111-2222-3333-444455556666";
    let id =
        format!("/subscriptions/{account}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm9");
    let mca = format!(
        "billingAccountId,costInUsd,paygCostInUsd,paygCostInBillingCurrency,costInPricingCurrency,exchangeRatePricingToBilling,\
         billingCurrency,chargeType,consumedService,costInBillingCurrency,date,billingPeriodStartDate,billingPeriodEndDate,\
         meterCategory,costCenter,ResourceId,resourceLocation,SubscriptionId,tags\n\
         b1,1,2,3,4,1.1,EUR,Usage,Microsoft.Compute,7.5,10/31/2026,10/01/2026,10/31/2026,Virtual Machines,,{id},westeurope,\
         {account},\"\"\"team\"\": \"\"shop\"\"\"\n"
    );
    let focus = format!(
        "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,\
         ProviderName,SubAccountId,ResourceId,Tags,x_EffectiveCostInUsd,x_CostCenter\n\
         7,7.5,EUR,2026-10-01T00:00Z,2026-11-01T00:00Z,2026-10-31T00:00Z,2026-11-01T00:00Z,Microsoft,\
         /subscriptions/{account},{id},\"{{\"\"team\"\":\"\"shop\"\"}}\",8,\n"
    );
    let list = format!(
        r#"{{"id":"{}","subscriptionId":"{account}","type":"x","tags":{{"env":"prod"}}}}"#,
        id.to_lowercase()
    );
    for (name, bill) in [("mca.csv", mca), ("focus.csv", focus)] {
        let files = Files::new();
        let paths = [files.add(name, bill), files.add("list.json", &list)];
        let import = import(&paths, &options(), &mut |_| {}).unwrap();
        let machine = only(&import);
        assert_eq!(machine.monthly_cost, Some(decimal("7.5")), "{name}");
        assert_eq!(machine.account, Some(account.to_lowercase()), "{name}");
        assert_eq!(tags(&machine), [("env", "prod"), ("team", "shop")], "{name}");
        assert_eq!(import.month().unwrap().month.to_string(), "2026-10", "{name}");
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn buckets_of_a_focus_bill_are_those_of_an_inventory() {
    let files = Files::new();
    let service = "Amazon Simple Storage Service";
    let bill = format!(
        "{FOCUS}\nAWS,{service},1,USD,2026-10-30,1,logs,\nAWS,{service},1,USD,2026-10-31,2,arn:aws:s3:::logs,\nAWS,EC2,1,USD,2026-10-31,4,other,\n"
    );
    let list = r#"{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:s3:::logs","Tags":[{"Key":"team","Value":"web"}]}]}"#;
    let paths = [files.add("a.csv", bill), files.add("b.json", list)];
    let import = import(&paths, &options(), &mut |_| {}).unwrap();
    assert_eq!(billed(&import), ["arn:aws:s3:::logs 3 team=web", "other 4"]);
}

#[test]
fn cost_categories_of_a_report_of_aws() {
    let header = "line_item_line_item_type,line_item_usage_start_date,line_item_currency_code,line_item_unblended_cost,\
        line_item_resource_id,line_item_net_unblended_cost,cost_category,resource_tags";
    let row = r#"Usage,2026-10-31,USD,1,i-1,0.5,"{""Team"":""shop""}","{""user_env"":""prod""}""#;
    for (header, expected) in [
        (header.to_owned(), "i-1 1 costCategory/Team=shop env=prod"),
        (header.replace(",resource_tags", ",product"), "i-1 1 costCategory/Team=shop"),
    ] {
        let import = read("a.csv", format!("{header}\n{row}\n")).unwrap();
        assert_eq!(billed(&import), [expected]);
        assert_eq!(import.sources()[0].version.as_deref(), Some("2.0"));
        assert_eq!(rejects(&import), Vec::<String>::new());
    }
}

#[test]
fn instances_join_whatever_zeros_their_account_lost() {
    let files = Files::new();
    let bill = format!("{FOCUS}\nAWS,EC2,12345678901,USD,2026-10-31,1,i-0a1b2c3d4e5f67890,\n");
    let arn = "arn:aws:ec2:eu-west-1:012345678901:instance/i-0a1b2c3d4e5f67890";
    let list = format!(r#"{{"ResourceTagMappingList":[{{"ResourceARN":"{arn}","Tags":[]}}]}}"#);
    let paths = [files.add("a.csv", bill), files.add("b.json", list)];
    let import = import(&paths, &options(), &mut |_| {}).unwrap();
    assert_eq!(billed(&import), [format!("{arn} 1")]);
}
