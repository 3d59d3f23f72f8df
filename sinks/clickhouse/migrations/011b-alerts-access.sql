-- As 003-access, for the alerts: on servers that have access control.
CREATE ROW POLICY IF NOT EXISTS all_rows ON finance.alert_log USING 1 TO nikash_owner, nikash_writer, nikash_reader;
CREATE ROW POLICY IF NOT EXISTS own_tenant ON finance.alert_log
    AS RESTRICTIVE USING tenant_id = extract(currentUser(), '^analyst_(.+)$') TO nikash_reader;
