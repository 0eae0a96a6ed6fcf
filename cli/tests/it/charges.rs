//! `tagpol cost` over charges: months, charges without a resource, retagged resources, currencies, parts of resources.

use crate::support::{Folder, NOW};

const TEAM: &str = "tag team: text\n";

const FOCUS: &str = "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,\
    EffectiveCost,BilledCost,ProviderName,SubAccountId,ResourceId,ServiceName,Tags\n";

const CUR: &str = "bill_billing_period_start_date,bill_billing_period_end_date,line_item_usage_account_id,\
    line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,line_item_product_code,\
    line_item_resource_id,line_item_unblended_cost,line_item_currency_code,resource_tags,tags,\
    split_line_item_parent_resource_id,split_line_item_split_cost,split_line_item_unused_cost\n";

/// A charge of a FOCUS bill for October: usage from a day up to the next, what it costs, its resource and its team.
fn focus(day: &str, cost: &str, resource: &str, team: &str) -> String {
    let tags = if team.is_empty() { String::new() } else { format!("\"{{\"\"team\"\":\"\"{team}\"\"}}\"") };
    format!(
        "USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Usage,{day}T00:00:00Z,{day}T12:00:00Z,{cost},{cost},AWS,111,\
         {resource},EC2,{tags}\n"
    )
}

fn folder(policies: &str, bill: &str) -> Folder {
    Folder::with(&[("p.tagpol", policies), ("bill.csv", bill)])
}

/// Returns the lines of the report: what comes before `resources`, and the cost.
fn lines(folder: &Folder, args: &[&str]) -> Vec<String> {
    let base = ["cost", "p.tagpol", "--format", "csv", "--now", NOW];
    let files: &[&str] = if args.contains(&"-i") { &[] } else { &["-i", "bill.csv"] };
    let csv = folder.run(&[&base, files, args].concat()).ends_with(0);
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let labels = cells[..place("kind")].join(" ");
        format!("{labels} {}", cells[place("cost")]).trim_start().to_owned()
    };
    lines.map(line).collect()
}

#[test]
fn a_retagged_resource_is_split_by_the_tags_of_its_charges() {
    let bill = [
        FOCUS,
        &focus("2026-10-01", "200", "i-1", "web"),
        &focus("2026-10-21", "110", "i-1", "data"),
        &focus("2026-10-22", "90", "i-2", ""),
        &focus("2026-10-31", "3", "i-2", "data"),
    ]
    .concat();
    assert_eq!(lines(&folder(TEAM, &bill), &["--by", "team"]), ["web 200", "data 113", "90"]);
}

#[test]
fn an_inventory_lends_its_tags_to_charges_that_were_billed_without() {
    let bill = [
        FOCUS,
        &focus("2026-10-01", "5", "i-1", "web"),
        &focus("2026-10-31", "7", "i-1", ""),
        &focus("2026-10-31", "2", "i-2", "data"),
    ]
    .concat();
    let folder = folder(TEAM, &bill);
    folder.write("list.csv", "id,tag:Team,monthly_cost,currency\ni-1,platform,99,USD\ni-3,lab,4,USD\n");
    let files = ["-i", "bill.csv", "-i", "list.csv", "--by", "team"];
    // The bill's costs count, and nothing else: the total is that of the invoice.
    assert_eq!(lines(&folder, &files), ["platform 7", "web 5", "data 2"]);
    let table = folder.run(&[&["cost", "p.tagpol"][..], &files].concat()).ends_with(0);
    assert!(table.contains("not included: 4.00 USD of resources in lists that no bill has"), "{table}");
}

#[test]
fn a_charge_is_of_the_month_of_its_invoice() {
    // In a time zone ahead of UTC October begins in September.
    let ahead = "USD,2026-09-30T16:00:00Z,2026-10-31T16:00:00Z";
    let usage = format!("{ahead},Usage,2026-09-30T17:00:00Z,2026-10-31T16:00:00Z,10,10,Alibaba,1,r-1,ECS,\n");
    let tax = format!("{ahead},Tax,2026-11-01T00:00:00Z,2026-11-01T00:00:00Z,1,1,Alibaba,1,,Tax,\n");
    let refund =
        format!("{ahead},Credit,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,-3,-3,Alibaba,1,r-1,ECS,\n");
    let folder = folder(TEAM, &[FOCUS, &usage, &tax, &refund].concat());
    assert_eq!(lines(&folder, &["--by", "charge.category"]), ["usage 10", "tax 1", "credit -3"]);
    let july = ["--by", "charge.category", "--by-usage-date", "--month", "2026-07"];
    folder.run(&["snapshot", "import", "bill.csv"]).ends_with(0);
    let id = folder.run(&["snapshot", "list"]).ends_with(0);
    let dir = format!(".tagpol/snapshots/{}", id.split_whitespace().next().unwrap());
    assert_eq!(lines(&folder, &[&["-i", &dir][..], &july].concat()), ["credit -3"]);
    let table = folder.run(&[&["cost", "p.tagpol", "-i", &dir][..], &july].concat()).ends_with(0);
    assert!(table.contains("includes -3.00 USD on invoices of other months"), "{table}");
    let days = lines(&folder, &["--by", "charge.category", "--granularity", "day"]);
    assert_eq!(days, ["2026-07-01 credit -3", "2026-09-30 usage 10", "2026-11-01 tax 1"]);
}

#[test]
fn charges_without_a_resource_are_allocated_by_what_they_have() {
    let rule = "tag team: text\nrule lab { when resource.account == \"222\" fill team = \"lab\" }\n";
    let charge = |account: &str, cost: &str, service: &str, tags: &str| {
        format!(
            "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,{account},Usage,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,\
             {service},,{cost},USD,{tags},,,,\n"
        )
    };
    let bill = [
        CUR,
        &charge("111", "60", "AWSDataTransfer", "\"{\"\"user_team\"\":\"\"web\"\"}\""),
        &charge("222", "5", "AWSSupport", ""),
        &charge("333", "1", "AWSSupport", ""),
    ]
    .concat();
    let folder = folder(rule, &bill);
    assert_eq!(lines(&folder, &["--by", "team"]), ["web 60", "lab 5", "1"]);
    assert_eq!(lines(&folder, &["--by", "charge.service"]), ["AWSDataTransfer 60", "AWSSupport 6"]);
    let unknown = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "charge.sku"]);
    unknown.fails_with(2, &["`charge.sku`", "charge.s"]);
}

#[test]
fn tags_of_accounts_and_principals_count_where_a_policy_names_them() {
    let policies = "tag cost-center: text\nnormalize cost-center \
        { keys \"cost-center\", \"iamPrincipal/CostCenter\", \"accountTag/CostCenter\" }\n";
    let charge = |id: &str, cost: &str, resource_tags: &str, tags: &str| {
        let json = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        format!(
            "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,1,Usage,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,AmazonEC2,{id},\
             {cost},USD,{},{},,,\n",
            json(resource_tags),
            json(tags)
        )
    };
    let bill = [
        CUR,
        &charge("i-1", "8", r#"{"user_cost_center":"own"}"#, r#"{"accountTag/CostCenter":"account"}"#),
        &charge("i-2", "4", "{}", r#"{"accountTag/CostCenter":"account","costCategory/CostCenter":"x"}"#),
        &charge(
            "model",
            "2",
            "{}",
            r#"{"iamPrincipal/CostCenter":"caller","accountTag/CostCenter":"account"}"#,
        ),
        &charge("i-3", "1", "{}", r#"{"resourceTags/CostCenter":"own"}"#),
    ]
    .concat();
    let found = lines(&folder(policies, &bill), &["--by", "cost-center"]);
    assert_eq!(found, ["own 9", "account 4", "caller 2"]);
}

#[test]
fn pods_take_their_part_of_what_their_instance_costs() {
    let tags = |team: &str| format!("\"{{\"\"user_team\"\":\"\"{team}\"\"}}\"");
    let line = |id: &str, cost: &str, team: &str, split: &str| {
        let period = "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z";
        format!(
            "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,1,Usage,{period},AmazonEC2,{id},{cost},USD,{},,{split}\n",
            tags(team)
        )
    };
    let bill = [
        CUR,
        &line("pod/web/1", "0.0", "web", "i-1,4.50,1.50"),
        &line("i-1", "12.00", "platform", ",,"),
        &line("pod/data/1", "", "data", "i-1,3.00,1.00"),
    ]
    .concat();
    let folder = folder(TEAM, &bill);
    assert_eq!(lines(&folder, &["--by", "team"]), ["web 6", "data 4", "platform 2"]);
    assert_eq!(lines(&folder, &["--by", "resource.id"]), ["pod/web/1 6", "pod/data/1 4", "i-1 2"]);
    // Policies see the same.
    let policies = "tag team: text\npolicy dear { severity low for resource where resource.monthly-cost > 3 USD require web: team == \"web\" }\n";
    folder.write("p.tagpol", policies);
    let run = folder.run(&["eval", "p.tagpol", "-i", "bill.csv", "--all", "--no-state"]);
    // Of the three, `i-1` is not in scope: it costs 2 by now.
    assert!(run.out.contains("1 of 2 in scope, 4.00 USD a month"), "{run:?}");
}

#[test]
fn currencies_are_converted_by_the_rates_of_the_project() {
    let dollars = [FOCUS, &focus("2026-10-01", "108", "i-1", "web")].concat();
    let euros = [FOCUS, &focus("2026-10-31", "100", "vm-1", "web").replace("USD", "EUR")].concat();
    let folder = folder(TEAM, &dollars);
    folder.write("euros.csv", &euros);
    let run = |args: &[&str]| {
        folder.run(&[&["cost", ".", "-i", "bill.csv", "-i", "euros.csv", "--by", "team"], args].concat())
    };
    let totals = ["100.00 EUR", "108.00 USD", "`EUR = \"… USD\"`"];
    run(&[]).fails_with(2, &totals);
    folder.write("tagpol.toml", "[rates]\nEUR = \"1.08 USD\"\n");
    let table = run(&[]).ends_with(0);
    assert!(table.contains("216.00") && table.contains("100.00 EUR converted to 108.00 USD"), "{table}");
    let table = run(&["--currency", "EUR"]).ends_with(0);
    assert!(table.contains("200.00") && table.contains("108.00 USD converted to 100.00 EUR"), "{table}");
}

#[test]
fn an_allocation_without_a_source_says_so() {
    let policies = "tag team: text\nallocate shared { from resource where resource.type == \"nothing\" to every team split even }\n";
    let folder = folder(policies, &[FOCUS, &focus("2026-10-01", "1", "i-1", "web")].concat());
    let table = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team"]).ends_with(0);
    assert!(table.contains("shared: nothing to distribute; no resource or charge matches"), "{table}");
}

#[test]
fn an_amount_that_a_bill_lacks_is_not_taken_for_nothing_in_silence() {
    let bill = [FOCUS, &focus("2026-10-01", "10", "i-1", "web").replace(",10,10,", ",7,10,")].concat();
    let folder = folder(TEAM, &bill);
    assert_eq!(lines(&folder, &["--by", "team", "--amount", "effective"]), ["web 7"]);
    assert_eq!(lines(&folder, &["--by", "team", "--amount", "billed"]), ["web 10"]);
    let table =
        folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "--amount", "list"]).ends_with(0);
    assert!(table.contains("1 charge without a list amount counts as 0"), "{table}");
}

/// A bill in each format that is not FOCUS as CSV, with its costs by `charge.category` and by team.
#[test]
fn bills_of_other_formats_add_up_to_their_invoices() {
    let gcp = r#"{"billing_account_id":"01-A","usage_start_time":"2026-10-31 22:00:00 UTC","project":{"id":"shop","labels":[{"key":"team","value":"all"}]},"labels":[{"key":"team","value":"web"}],"resource":{"global_name":"//storage.googleapis.com/logs"},"cost":"10.5","currency":"USD","credits":[{"amount":-1.5},{"amount":"-2"}],"invoice":{"month":"202610"},"cost_type":"regular"}
{"billing_account_id":"01-A","usage_start_time":"2026-11-01 07:00:00 UTC","project":{"id":"shop","labels":[{"key":"team","value":"all"}]},"cost":1.9,"currency":"USD","credits":[],"invoice":{"month":"202610"},"cost_type":"tax"}
"#;
    let focus = r#"[{"EffectiveCost":"7.25","BillingCurrency":"USD","ChargePeriodStart":"2026-10-31 00:00:00 UTC","ChargeCategory":"Usage","ProviderName":"Google Cloud","Tags":[{"key":"team","value":"web"}]},
{"EffectiveCost":-0.25,"BillingCurrency":"USD","ChargePeriodStart":"2026-10-31 00:00:00 UTC","ChargeCategory":"Credit","ProviderName":"Google Cloud"}]"#;
    let oci = "lineItem/tenantId,lineItem/intervalUsageStart,product/resourceId,cost/myCost,cost/currencyCode,lineItem/isCorrection,tags/team\n\
        t,2026-10-31T00:00Z,ocid1.a,0.10,USD,false,web\nt,2026-10-31T00:00Z,ocid1.a,-0.03,USD,true,web\nt,2026-10-31T00:00Z,,2,USD,false,\n";
    let policies = "tag team: text\nnormalize team { keys \"team\", \"projectLabel/team\" }\n";
    for (name, bill, categories, teams) in [
        ("bill.ndjson", gcp, &["usage 10.5", "tax 1.9", "credit -3.5"][..], &["web 7", "all 1.9"][..]),
        ("bill.json", focus, &["usage 7.25", "credit -0.25"], &["web 7.25", "-0.25"]),
        ("bill.csv", oci, &["usage 2.07"], &["2", "web 0.07"]),
    ] {
        let folder = Folder::with(&[("p.tagpol", policies), (name, bill)]);
        assert_eq!(lines(&folder, &["-i", name, "--by", "charge.category"]), categories, "{name}");
        assert_eq!(lines(&folder, &["-i", name, "--by", "team"]), teams, "{name}");
    }
}

#[test]
fn a_project_gives_the_columns_of_a_bill_their_meanings() {
    let manifest = "[columns]\nDate = \"usage_start:month-first\"\n\"Total (net)\" = \"cost\"\nCurr = \"currency\"\n\
        Product = \"service\"\nTeam = \"tag:team\"\nPeriod = \"invoice_month\"\n";
    let bill = "Date,Period,Product,Team,Total (net),Curr,Gross Amount\n10/31/2026,202610,DNS,web,\"1,200.50\",USD,9\n\
        11/01/2026,202610,Mail,,3,USD,9\n";
    let folder = Folder::with(&[("tagpol.toml", manifest), ("p.tagpol", TEAM), ("bill.csv", bill)]);
    let args = ["cost", "-i", "bill.csv", "--by", "charge.service,team", "--format", "csv", "--now", NOW];
    let run = folder.run(&args);
    assert!(
        run.out.contains("\nDNS,web,resources,0,1200.5,") && run.out.contains("\nMail,,resources,0,3,"),
        "{}",
        run.out
    );
    assert!(run.err.contains("Gross Amount") && run.err.contains("1,200.50"), "{}", run.err);
    folder.write("tagpol.toml", "[columns]\nDate = \"day\"\n");
    folder.run(&args).fails_with(2, &["a column cannot be `day`", "usage_start:month-first"]);
}

#[test]
fn the_same_bill_in_another_form_is_not_counted_twice() {
    let bill =
        [FOCUS, &focus("2026-10-01", "5.50", "i-1", "web"), &focus("2026-10-02", "7", "", "")].concat();
    let folder = folder(TEAM, &bill);
    let tags = r#"{"team":"web"}"#;
    let json = |day: &str, cost: &str, resource: &str, tags: &str| {
        format!(
            "{{\"BillingCurrency\":\"USD\",\"ChargeCategory\":\"Usage\",\"ChargePeriodStart\":\"{day}T00:00:00Z\",\
             \"EffectiveCost\":{cost},\"ProviderName\":\"AWS\",\"ResourceId\":{resource},\"Tags\":{tags}}}\n"
        )
    };
    let lines = [json("2026-10-01", "5.5", "\"i-1\"", tags), json("2026-10-02", "7", "null", "{}")].concat();
    folder.write("bill.json", lines);
    let run = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "-i", "bill.json", "--by", "team"]);
    run.fails_with(3, &["is the same bill as"]);
}

#[test]
fn a_billing_period_that_cannot_be_read_is_noted() {
    let bill = [
        FOCUS,
        &focus("2026-10-01", "5", "i-1", "web").replace("2026-10-01T00:00:00Z,2026-11", "01.10.2026,2026-11"),
    ];
    let folder = folder(TEAM, &bill.concat());
    let args = ["cost", "p.tagpol", "-i", "bill.csv", "--by", "team"];
    let run = folder.run(&args);
    assert!(run.code == 0 && run.err.contains("0 rows, 1 value"), "{run:?}");
    folder.run(&[&args[..], &["--strict"]].concat()).fails_with(3, &["BillingPeriodStart"]);
    // A snapshot that is kept knows it too.
    folder.run(&["snapshot", "import", "bill.csv"]).ends_with(0);
    folder.run(&["cost", "p.tagpol", "--by", "team", "--strict"]).fails_with(3, &["BillingPeriodStart"]);
}

#[test]
fn a_resource_with_charges_in_two_currencies_is_one() {
    let charge = focus("2026-10-01", "10", "i-1", "web");
    let folder = folder(TEAM, &[FOCUS, &charge, &charge.replace("USD", "EUR")].concat());
    folder.write("tagpol.toml", "[rates]\nEUR = \"2 USD\"\n");
    let csv = folder.run(&["cost", ".", "-i", "bill.csv", "--by", "team", "--format", "csv"]).ends_with(0);
    assert!(csv.contains("web,resources,1,30,0,30,0,USD"), "{csv}");
}

#[test]
fn a_report_never_replaces_what_is_read() {
    let bill = [FOCUS, &focus("2026-10-01", "5", "i-1", "web")].concat();
    let folder = folder(TEAM, &bill);
    for output in ["csv=bill.csv", "csv=./p.tagpol"] {
        let run = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "-o", output]);
        run.fails_with(2, &["would replace"]);
    }
    assert_eq!((folder.read("bill.csv"), folder.read("p.tagpol")), (bill, TEAM.to_owned()));
}

#[test]
fn a_kept_snapshot_has_the_month_and_the_currency_of_its_import() {
    let bill = [FOCUS, &focus("2026-10-01", "5", "i-1", "web")].concat();
    let folder = folder("tag team: text\npolicy owned { severity low  require team }\n", &bill);
    folder.run(&["snapshot", "import", "bill.csv"]).ends_with(0);
    folder
        .run(&["eval", "p.tagpol", "--month", "2026-09"])
        .fails_with(2, &["costs of 2026-10, not of 2026-09"]);
    folder.run(&["eval", "p.tagpol", "--currency", "GBP"]).fails_with(2, &["in USD, not in GBP"]);
}

#[test]
fn budgets_are_judged_by_the_charges_of_each_month() {
    let policies = "tag team: text\ngoal team-budget { at most 100 USD  for each team }\n";
    let september =
        |line: &str| line.replace("2026-11-01", "2026-10-01").replace("USD,2026-10-01", "USD,2026-09-01");
    let bill = [
        FOCUS,
        &focus("2026-10-01", "90", "i-1", "web"),
        &focus("2026-10-02", "10.01", "", "web"),
        &focus("2026-10-03", "7", "", ""),
        &september(&focus("2026-09-03", "60", "i-1", "web")),
        &september(&focus("2026-09-04", "150", "i-2", "data")),
    ]
    .concat();
    let folder = folder(policies, &bill);
    let eval = ["eval", "p.tagpol", "-i", "bill.csv", "--no-state", "--month", "2026-10"];
    let eval = folder.run(&eval).ends_with(1);
    assert!(eval.contains("for each team in 2026-10"), "{eval}");
    assert!(eval.contains("100.01 USD in 2026-10"), "{eval}");
    let cost = ["cost", "p.tagpol", "-i", "bill.csv", "--by", "resource.account", "--now", NOW];
    let table = folder.run(&[&cost[..], &["--granularity", "month"]].concat()).ends_with(0);
    let expected = "
Budgets
  team-budget: 1 of 2 values of team exceeds the budget of 100.00 USD in 2026-09: data 150.00 USD (150.0%)
  team-budget: 1 of 2 values of team exceeds the budget of 100.00 USD in 2026-10: web 100.01 USD (100.1%)
";
    assert!(table.contains(expected), "{table}");
    let json = folder.run(&[&cost[..], &["--month", "2026-10", "--format", "json"]].concat()).ends_with(0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!([
        {"value": "web", "spent": "100.01", "met": false},
        {"value": null, "spent": "7", "met": true},
    ]);
    assert_eq!(json["budgets"][0]["groups"], expected);
    assert_eq!(json["budgets"].as_array().unwrap().len(), 1);
}

#[test]
fn coverage_for_each_account_is_measured_by_its_charges() {
    let policies = "tag team: text\ngoal covered { coverage of [team] by cost  for each resource.account  at least 50% }\n";
    let other = focus("2026-10-02", "7", "", "").replace(",111,", ",222,");
    let bill = [FOCUS, &focus("2026-10-01", "5", "i-1", "web"), &other].concat();
    let folder = folder(policies, &bill);
    let run =
        folder.run(&["eval", "p.tagpol", "-i", "bill.csv", "--no-state", "--format", "json"]).ends_with(1);
    let json: serde_json::Value = serde_json::from_str(&run).unwrap();
    let groups = json["goals"][0]["groups"].as_array().unwrap();
    let groups: Vec<_> = groups.iter().map(|g| [&g["value"], &g["cost"], &g["share"], &g["met"]]).collect();
    assert_eq!(
        serde_json::json!(groups),
        serde_json::json!([["222", 7.0, 0.0, false], ["111", 5.0, 1.0, true]])
    );
    let diff = folder.run(&["diff", "p.tagpol", "p.tagpol", "-i", "bill.csv"]);
    assert!(diff.out.contains("Goal covered") && diff.out.contains("0.0%"), "{diff:?}");
}

#[test]
fn goals_by_cost_need_rates_only_for_what_they_are_about() {
    let policies = "tag team: text\ngoal covered { coverage of [team] by cost for resource where resource.account == \"111\" at least 50% }\n";
    let euros = focus("2026-10-02", "7", "i-2", "").replace("USD", "EUR").replace(",111,", ",222,");
    let bill = [FOCUS, &focus("2026-10-01", "5", "i-1", "web"), &euros].concat();
    let folder = folder(policies, &bill);
    let run = folder.run(&["eval", "p.tagpol", "-i", "bill.csv", "--no-state"]);
    assert!(run.code == 0 && run.out.contains("100"), "{run:?}");
    folder.write("p.tagpol", policies.replace("\"111\"", "\"222\""));
    let run = folder.run(&["eval", "p.tagpol", "-i", "bill.csv", "--no-state"]);
    run.fails_with(2, &["7.00 EUR", "5.00 USD", "`EUR = \"… USD\"`"]);
}

/// A project that keeps columns of its bills.
#[test]
fn columns_of_bills_are_kept_as_metadata() {
    let heading = "BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,BilledCost,BillingCurrency,ResourceId,\
                   ServiceName,ProviderName,ChargeCategory,Tags,x_Project,SkuId\n";
    let row = |id: &str, cost: &str, project: &str, sku: &str| {
        format!("2026-10-01,2026-10-02,2026-10-03,{cost},{cost},USD,{id},S3,AWS,Usage,{{}},{project},{sku}\n")
    };
    let rows = [
        row("a", "1", "apollo", "s1"),
        row("a", "2", "apollo", "s2"),
        row("", "4", "gemini", "s1"),
        row("b", "8", "", "s1"),
    ];
    let folder = Folder::with(&[
        ("tagpol.toml", "keep = [\"x_project\", \"Sku Id\", \"x_Other\"]\n"),
        (
            "p.tagpol",
            "tag project: text\nrule of-bill { fill project = resource.meta[\"x_project\"] }\n\
             define small = resource.meta[\"Sku Id\"] == \"s2\"\npolicy p { severity low  require project }\n\
             policy s { severity low  forbid small: small }\n",
        ),
        ("bill.csv", &format!("{heading}{}", rows.concat())),
        ("list.csv", "id,meta\na,\"{\"\"team\"\": \"\"web\"\"}\"\n"),
    ]);
    let cost = folder.run(&["cost", "-i", "bill.csv", "--by", "project", "--format", "csv", "--no-state"]);
    let told = cost.err.clone();
    let csv = cost.ends_with(0);
    // Charges without a resource have them too.
    for line in ["apollo,resources,1,3,", "gemini,resources,0,4,", ",resources,1,8,"] {
        assert!(csv.lines().any(|found| found.starts_with(line)), "{line}\n{csv}");
    }
    assert!(told.contains("`x_Other`: the file has no such column"), "{told}");
    // A resource has those of its latest charge, and the metadata of a list.
    let eval = ["eval", "-i", "bill.csv", "-i", "list.csv", "--no-state", "--format", "csv"];
    let findings = folder.run(&eval).ends_with(1);
    assert!(findings.contains("small"), "{findings}");
    folder.run(&["snapshot", "import", "bill.csv", "list.csv"]).ends_with(0);
    folder.write(
        "q.tagpol",
        "policy q { severity low  forbid both: resource.meta[\"team\"] == \"web\" and small }\n",
    );
    assert!(folder.run(&["eval", "--no-state", "--format", "csv"]).ends_with(1).contains("both"));
}

#[test]
fn rules_allocations_and_budgets_read_attributes_of_charges() {
    let policies = "tag team: text
        rule support { when charge.service == \"Support\"  fill team = \"platform\" }
        define tax = charge.category == tax
        allocate taxes { from charges where tax  to every team  split proportional }
        goal services { at most 50 USD  for each charge.service  for charges where not tax }
        policy teams { severity low  require team }\n";
    let bill = [
        FOCUS,
        &focus("2026-10-01", "60", "i-1", "web"),
        &focus("2026-10-02", "40", "", "").replace("EC2", "Support"),
        &focus("2026-10-02", "10", "i-2", "").replace("EC2", "Support"),
        &focus("2026-10-31", "22", "", "").replace("Usage", "Tax"),
    ]
    .concat();
    let folder = folder(policies, &bill);
    // 22 of tax are spread over 60 and 50.
    assert_eq!(lines(&folder, &["--by", "team"]), ["web 72", "platform 60", "0"]);
    let run = folder.run(&[
        "eval",
        "p.tagpol",
        "-i",
        "bill.csv",
        "--no-state",
        "--month",
        "2026-10",
        "--format",
        "json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&run.ends_with(1)).unwrap();
    let expected = serde_json::json!([
        {"value": "EC2", "spent": 60.0, "share": 1.2, "met": false},
        {"value": "Support", "spent": 50.0, "share": 1.0, "met": true},
    ]);
    assert_eq!(json["budgets"][0]["groups"], expected);
    // Resources have no service, so that the rule gives them no team.
    let findings = json["findings"].as_array().unwrap().iter().map(|finding| finding["resource"].as_str());
    assert_eq!(findings.collect::<Vec<_>>(), [Some("i-2")]);
}
