"""clickhouse-connect against the front: writes, reads back, compares; prints what it saw as JSON."""
import datetime
import decimal
import json
import re
import sys

import clickhouse_connect

port, user, password, analyst, analyst_password = sys.argv[1:6]


def client(**options):
    return clickhouse_connect.get_client(host="127.0.0.1", port=int(port), **{"username": user, "password": password, **options})


def code_of(work):
    try:
        work()
        return None
    except Exception as error:  # noqa: BLE001
        found = re.search(r"Code: (\d+)", str(error)) or re.search(r"code: (\d+)", str(error))
        return int(found.group(1)) if found else str(error)


COLUMNS = ["tenant_id", "id", "name", "amount", "at", "day", "tags"]
START = datetime.datetime(2026, 1, 1, 0, 0, 0, 123000)
ROWS = [
    (
        "a" if i % 2 else "b",
        i,
        None if i % 3 == 0 else f"নাম {i}\n",
        decimal.Decimal("12345678901234567890.1234") + i,
        START + datetime.timedelta(seconds=i),
        datetime.date(2026, 1, 1),
        ["x", "y" * i] if i < 5 else [],
    )
    for i in range(3000)
]

out = {"roundTrips": {}}
main = client(database="finance")
main.command(
    "CREATE TABLE py (tenant_id LowCardinality(String), id UInt64, name Nullable(String), amount Decimal(38,4),"
    " at DateTime64(3), day Date, tags Array(String)) ENGINE = MergeTree ORDER BY (tenant_id, id)"
)
for compress in (True, False, "lz4", "zstd", "gzip"):
    one = client(database="finance", compress=compress)
    one.command("TRUNCATE TABLE py")
    summary = one.insert("py", ROWS, column_names=COLUMNS)
    back = one.query("SELECT * FROM py ORDER BY id").result_rows
    same = [(*row[:4], row[4].replace(tzinfo=None), *row[5:]) for row in back] == ROWS
    out["roundTrips"][str(compress).lower()] = [len(back), same]
    out["written"] = summary.written_rows
out["parameters"] = [
    [
        main.query("SELECT count() FROM py WHERE id = %(i)s", parameters={"i": 7}).first_row[0],
        main.query("SELECT {x:UInt8} + 1", parameters={"x": 4}).first_row[0],
    ]
]
with main.query_row_block_stream("SELECT number FROM numbers(150000)") as stream:
    out["streamed"] = sum(len(block) for block in stream)
main.raw_insert("py", column_names=["tenant_id", "id"], insert_block=b'"q",1\n"q",2\n', fmt="CSV")
out["raw"] = main.query("SELECT count() FROM py WHERE tenant_id = 'q'").first_row[0]
main.command("CREATE TEMPORARY TABLE tt (a Int32)")
main.insert("tt", [[1], [2]], column_names=["a"])
out["temporary"] = main.query("SELECT a FROM tt ORDER BY a").result_rows
fenced = client(username=analyst, password=analyst_password)
out["analyst"] = fenced.query("SELECT tenant_id, count() FROM finance.py GROUP BY tenant_id").result_rows
out["tables"] = sorted(row[0] for row in fenced.query("SHOW TABLES FROM finance").result_rows)
out["errors"] = {
    "query": code_of(lambda: main.query("SELECT nope")),
    "password": code_of(lambda: client(password="wrong")),
    "analystWrites": code_of(lambda: fenced.command("TRUNCATE TABLE finance.py")),
    "analystFile": code_of(lambda: fenced.query("SELECT * FROM file('/etc/passwd')")),
    "analystInserts": code_of(lambda: fenced.insert("finance.py", [["a", 1]], column_names=["tenant_id", "id"])),
}
print(json.dumps(out))
