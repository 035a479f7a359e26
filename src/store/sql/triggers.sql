-- Triggers say "look here", nothing more: a stage that came and went between two looks is in the
-- change log; everything else is found by comparing rows with what we knew of them. Losing every
-- trigger costs promptness, never a message. Plain SQL only: a trigger that fails makes another
-- program's write fail.

CREATE TRIGGER IF NOT EXISTS client_added AFTER INSERT ON client
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (1, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS client_changed AFTER UPDATE ON client
WHEN new.id IS NOT old.id OR new.ref IS NOT old.ref OR new.email IS NOT old.email
    OR new.phone IS NOT old.phone OR new.channel IS NOT old.channel
    OR new.timezone IS NOT old.timezone OR new.name IS NOT old.name
    OR new.language IS NOT old.language OR new.fields IS NOT old.fields
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (1, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS client_gone AFTER DELETE ON client
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (1, old.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;

CREATE TRIGGER IF NOT EXISTS staff_added AFTER INSERT ON staff
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (2, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS staff_changed AFTER UPDATE ON staff
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (2, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS staff_gone AFTER DELETE ON staff
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (2, old.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;

CREATE TRIGGER IF NOT EXISTS job_added AFTER INSERT ON job
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (3, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), new.stage);
END;
CREATE TRIGGER IF NOT EXISTS job_changed AFTER UPDATE ON job
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (3, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), new.stage);
END;
CREATE TRIGGER IF NOT EXISTS job_gone AFTER DELETE ON job
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (3, old.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;

CREATE TRIGGER IF NOT EXISTS appointment_added AFTER INSERT ON appointment
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (4, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), new.status);
END;
CREATE TRIGGER IF NOT EXISTS appointment_changed AFTER UPDATE ON appointment
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (4, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), new.status);
END;
CREATE TRIGGER IF NOT EXISTS appointment_gone AFTER DELETE ON appointment
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (4, old.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;

CREATE TRIGGER IF NOT EXISTS answer_added AFTER INSERT ON answer
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (7, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS answer_changed AFTER UPDATE ON answer
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (7, new.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS answer_gone AFTER DELETE ON answer
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (7, old.id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;

CREATE TRIGGER IF NOT EXISTS consent_added AFTER INSERT ON consent
BEGIN
    INSERT INTO change_log (kind, row_id, at_ms, detail)
    VALUES (1, new.client_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NULL);
END;
CREATE TRIGGER IF NOT EXISTS consent_kept BEFORE UPDATE ON consent
BEGIN
    SELECT RAISE(ABORT, 'consent is a ledger: insert a new row instead');
END;
