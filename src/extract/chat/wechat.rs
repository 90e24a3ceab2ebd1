//! WeChat: the table of a chat as WeClone takes it.

use csv::{ReaderBuilder, StringRecord};
use jiff::civil::DateTime;

use super::super::draft::Draft;
use super::super::{Extracted, Kind, Unreadable};

/// The columns that every such table has.
const COLUMNS: [&str; 5] = ["type_name", "is_sender", "talker", "msg", "CreateTime"];

/// How times are written: by WeClone's exporter, and by programs that have opened the table since.
const TIMES: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
];

/// Whether the first row names those columns.
pub(super) fn is_chat(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let names: Vec<&str> = first
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    COLUMNS.iter().all(|column| names.contains(column))
}

/// Reads the texts; pictures, voices and stickers say nothing.
pub(super) fn read(text: &str) -> Result<Extracted, Unreadable> {
    let damaged = |error: csv::Error| Unreadable::damaged("a chat of WeChat", error);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let names = reader.headers().map_err(damaged)?.clone();
    let place = |name: &str| names.iter().position(|column| column.trim() == name);
    let [kind, _, talker, msg, time] = COLUMNS.map(place);
    let room = place("room_name");
    let value = |row: &StringRecord, place: Option<usize>| {
        let value = place.and_then(|place| row.get(place));
        value.unwrap_or_default().trim().to_owned()
    };
    let mut draft = Draft::default();
    let mut in_room = None;
    for row in reader.records() {
        let row = row.map_err(damaged)?;
        let said = value(&row, msg);
        let is_text = matches!(value(&row, kind).as_str(), "文本" | "text" | "Text" | "1");
        let (true, Some(when)) = (is_text, time_of(&value(&row, time))) else {
            continue;
        };
        let room = value(&row, room);
        if in_room.as_ref() != Some(&room) && !room.is_empty() {
            draft.conversation(&room)?;
            in_room = Some(room);
        }
        let who = value(&row, talker);
        draft.said(if who.is_empty() { "?" } else { &who }, when, &said)?;
    }
    Ok(draft.finish(Kind::WeChat))
}

fn time_of(text: &str) -> Option<DateTime> {
    TIMES
        .iter()
        .find_map(|format| DateTime::strptime(format, text).ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_kept_with_who_said_them_when() {
        let table = "id,MsgSvrID,type_name,is_sender,talker,room_name,msg,src,CreateTime\n\
            1,11,文本,0,小白,灯塔,渡轮几点开？,,2024-03-01 18:30:00\n\
            2,12,图片,0,小白,灯塔,图片,a.dat,2024-03-01 18:30:30\n\
            3,13,文本,1,我,灯塔,\"九点,\n别迟到\",,2024/3/2 9:00\n";
        let read = super::super::read(table).unwrap().unwrap();
        assert_eq!(
            read.text,
            "灯塔\n\n2024-03-01\n\n小白 (18:30): 渡轮几点开？\n\n2024-03-02\n\n我 (09:00): 九点,\n别迟到"
        );
    }
}
