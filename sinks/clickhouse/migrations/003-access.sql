-- Who may do what, on servers that have access control (the local front does this itself, see ARCHITECTURE.md).
-- An analyst is a user named analyst_TENANT with the role nikash_reader: it reads the rows of that tenant alone, in tables
-- and in views, whatever it asks. The policy is RESTRICTIVE: no other policy can widen it.
CREATE ROLE IF NOT EXISTS nikash_owner;
CREATE ROLE IF NOT EXISTS nikash_writer;
CREATE ROLE IF NOT EXISTS nikash_reader SETTINGS readonly = 2, max_execution_time = 30, max_result_rows = 1000000;
GRANT ALL ON finance.* TO nikash_owner;
GRANT SELECT, INSERT ON finance.* TO nikash_writer;
GRANT SELECT ON finance.* TO nikash_reader;
REVOKE SELECT ON finance.topic_epochs FROM nikash_reader;
REVOKE SELECT ON finance.schema_migrations FROM nikash_reader;
CREATE ROW POLICY IF NOT EXISTS all_rows ON finance.event_log, finance.refused_events, finance.kpi_points, finance.aging_points
    USING 1 TO nikash_owner, nikash_writer, nikash_reader;
CREATE ROW POLICY IF NOT EXISTS own_tenant ON finance.event_log, finance.refused_events, finance.kpi_points, finance.aging_points
    AS RESTRICTIVE USING tenant_id = extract(currentUser(), '^analyst_(.+)$') TO nikash_reader;
