//! Costs as one self-contained page: no script, no request to anywhere.

use std::fmt::Write as _;

use tagpol_eval::cost::Costs;
use tagpol_sink::html::line;

use super::notes::notes;
use super::pretty::{amount, cents, has_shares, heading, label_names, labels, share};
use super::rows;
use crate::goals::goal_text;
use crate::html::{STYLE, hash};
use crate::text::count;

/// What the page needs besides the style sheet of reports.
const TABLE_STYLE: &str = "\
.costs { width: 100%; border-collapse: collapse; }
.costs th, .costs td { padding: 7px 10px; text-align: left; border-bottom: 1px solid var(--edge); }
.costs th:not(.figure), .costs td:not(.figure) { min-width: 92px; max-width: 340px; overflow-wrap: break-word; }
.costs .figure { text-align: right; white-space: nowrap; }
.costs tfoot td { font-weight: 700; border-bottom: 0; }
.costs meter { width: 100%; min-width: 60px; }
.scroll { position: relative; overflow-x: auto; }
@media (max-width: 640px) { .costs th, .costs td { padding: 7px 6px; } .costs .length { display: none; } }
";

/// Returns the page. Amounts are in cents that add up, as in the table for a terminal.
pub fn html(costs: &Costs) -> String {
    let style = format!("{STYLE}{TABLE_STYLE}");
    let policy =
        format!("default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'", hash(&style));
    let (title, total) = (line(&heading(costs)), line(&amount(costs, costs.total())));
    let (table, shared, notes) = (table(costs), shared(costs), list_of_notes(costs));
    let budgets = budgets(costs);
    let (snapshot, now) = (line(&costs.snapshot.id), costs.now.format("%Y-%m-%d %H:%M UTC"));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{style}</style>\n\
         </head>\n<body>\n<header class=\"top\"><h1>{title}</h1>\n\
         <p class=\"facts\"><span>total {total}</span><span>snapshot {snapshot}</span><span>{now}</span></p></header>\n\
         <main>\n<section class=\"card wide scroll\">{table}</section>\n{shared}{budgets}{notes}</main>\n</body>\n</html>\n"
    )
}

fn table(costs: &Costs) -> String {
    let rows = rows(costs);
    let has_shares = has_shares(&rows);
    let column = |at: usize| {
        let amounts: Vec<i128> = rows.iter().filter_map(|row| row.amounts().get(at).copied()).collect();
        cents(&amounts)
    };
    let figures: Vec<(&str, Vec<String>)> = match has_shares {
        true => vec![("own", column(0)), ("shared", column(1)), ("cost", column(2))],
        false => vec![("cost", column(2))],
    };
    let greatest = rows.iter().map(|row| row.amounts()[2]).max().unwrap_or(0).max(1);
    let mut html = String::from("<table class=\"costs\">\n<thead><tr>");
    let labels_of = label_names(costs);
    for name in &labels_of {
        let _ = write!(html, "<th scope=\"col\">{}</th>", line(name));
    }
    let names = ["resources"].into_iter().chain(figures.iter().map(|(name, _)| *name)).chain(["share"]);
    names.for_each(|name| {
        let _ = write!(html, "<th scope=\"col\" class=\"figure\">{name}</th>");
    });
    html.push_str("<th class=\"length\"></th></tr></thead>\n<tbody>\n");
    for (at, row) in rows.iter().enumerate() {
        html.push_str("<tr>");
        labels(costs, row).iter().for_each(|label| {
            let _ = write!(html, "<td>{}</td>", line(label));
        });
        let _ = write!(html, "<td class=\"figure\">{}</td>", count(row.resources()));
        for (_, column) in &figures {
            let _ = write!(html, "<td class=\"figure\">{}</td>", column.get(at).map_or("", String::as_str));
        }
        let percent = share(row.amounts()[2], costs.total());
        let length = thousandths(row.amounts()[2], greatest);
        let _ = writeln!(
            html,
            "<td class=\"figure\">{percent}</td><td class=\"length\">\
             <meter max=\"1000\" value=\"{length}\" aria-hidden=\"true\"></meter></td></tr>"
        );
    }
    let _ = write!(html, "</tbody>\n<tfoot><tr><td colspan=\"{}\">total</td>", labels_of.len());
    let _ = write!(html, "<td class=\"figure\">{}</td>", count(costs.resources));
    for (_, column) in &figures {
        let _ = write!(html, "<td class=\"figure\">{}</td>", column.last().map_or("", String::as_str));
    }
    html.push_str("<td></td><td class=\"length\"></td></tr></tfoot>\n</table>");
    html
}

/// The length of a bar; credits have none.
fn thousandths(part: i128, greatest: i128) -> i128 {
    // An amount has room to be multiplied by a thousand after its last digits are dropped.
    (part.max(0) / 1000).saturating_mul(1000) / (greatest / 1000).max(1)
}

/// What a reader should know besides the lines.
fn list_of_notes(costs: &Costs) -> String {
    let items: String = notes(costs).iter().map(|note| format!("<li>{}</li>\n", line(note))).collect();
    if items.is_empty() {
        items
    } else {
        format!("<section class=\"card wide\"><ul>\n{items}</ul></section>\n")
    }
}

/// What is spent of budgets.
fn budgets(costs: &Costs) -> String {
    if costs.budgets.is_empty() {
        return String::new();
    }
    let item = |budget: &tagpol_eval::GoalResult| {
        format!("<li>{}</li>\n", line(&format!("{}: {}", budget.name, goal_text(budget))))
    };
    let items: String = costs.budgets.iter().map(item).collect();
    format!("<section class=\"card wide\"><h2>Budgets</h2><ul>\n{items}</ul></section>\n")
}

/// What became of shared costs.
fn shared(costs: &Costs) -> String {
    if costs.shared.is_empty() {
        return String::new();
    }
    let item = |shared: &tagpol_eval::cost::Shared| {
        if !shared.matched {
            return format!(
                "<li>{}: nothing to distribute; no resource or charge matches</li>\n",
                line(&shared.name)
            );
        }
        let kept = match shared.kept {
            0 => String::new(),
            kept => format!(
                "; {} stays where it was, since there is nothing to spread it over",
                amount(costs, kept)
            ),
        };
        let text = format!("{}: {} spread over {}{kept}", shared.name, amount(costs, shared.cost), shared.to);
        format!("<li>{}</li>\n", line(&text))
    };
    let items: String = costs.shared.iter().map(item).collect();
    format!("<section class=\"card wide\"><h2>Shared costs</h2><ul>\n{items}</ul></section>\n")
}
