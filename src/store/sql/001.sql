-- Version 1 of the database.
--
-- The tables client, staff, job, appointment, answer and consent are the interface: any program
-- writes them with plain SQL. Their constraints are named by what would be right, because the name is
-- what the writer gets to see: "CHECK constraint failed: name: one line of text, not empty".

CREATE TABLE client (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT UNIQUE CONSTRAINT "ref: your own key, one line, not empty"
        CHECK (ref IS NULL OR (typeof(ref) = 'text' AND trim(ref) <> ''
            AND ref NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(ref, char(0)) = 0)),
    name TEXT NOT NULL CONSTRAINT "name: one line of text, not empty"
        CHECK (trim(name) <> '' AND length(name) <= 500
            AND name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(name, char(0)) = 0),
    email TEXT CONSTRAINT "email: one address such as ilze@example.com"
        CHECK (email IS NULL OR email = '' OR (email LIKE '_%@_%' AND email NOT LIKE '% %'
            AND length(email) <= 254 AND email NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(email, char(0)) = 0)),
    phone TEXT CONSTRAINT "phone: one number such as +371 20000001"
        CHECK (phone IS NULL OR (length(phone) <= 64 AND phone NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(phone, char(0)) = 0)),
    language TEXT CONSTRAINT "language: a tag such as lv or pt-BR"
        CHECK (language IS NULL OR language = '' OR (language GLOB '[a-zA-Z][a-zA-Z]*'
            AND language NOT GLOB '*[^a-zA-Z0-9-]*' AND length(language) <= 35)),
    timezone TEXT CONSTRAINT "timezone: a name such as Europe/Riga"
        CHECK (timezone IS NULL OR timezone = '' OR (timezone NOT GLOB '*[^a-zA-Z0-9_+/-]*'
            AND length(timezone) <= 64)),
    channel TEXT CONSTRAINT "channel: email, sms or NULL"
        CHECK (channel IS NULL OR channel IN ('email', 'sms', '')),
    tags TEXT,
    notes TEXT,
    fields TEXT CONSTRAINT "fields: a JSON object of at most 64 kB"
        CHECK (fields IS NULL OR (length(fields) <= 65536 AND json_valid(fields)
            AND json_type(fields) = 'object')),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

-- How many speak which language.
CREATE INDEX client_language ON client (language) WHERE language <> '';

CREATE TABLE staff (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT UNIQUE CONSTRAINT "ref: your own key, one line, not empty"
        CHECK (ref IS NULL OR (typeof(ref) = 'text' AND trim(ref) <> ''
            AND ref NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(ref, char(0)) = 0)),
    name TEXT NOT NULL CONSTRAINT "name: one line of text, not empty"
        CHECK (trim(name) <> '' AND length(name) <= 500
            AND name NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(name, char(0)) = 0),
    email TEXT CONSTRAINT "email: one address such as ilze@example.com"
        CHECK (email IS NULL OR email = '' OR (email LIKE '_%@_%' AND email NOT LIKE '% %'
            AND length(email) <= 254 AND email NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(email, char(0)) = 0)),
    phone TEXT CONSTRAINT "phone: one number such as +371 20000001"
        CHECK (phone IS NULL OR (length(phone) <= 64 AND phone NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(phone, char(0)) = 0)),
    department TEXT,
    manager_id INTEGER REFERENCES staff (id),
    language TEXT CONSTRAINT "language: a tag such as lv or pt-BR"
        CHECK (language IS NULL OR language = '' OR (language GLOB '[a-zA-Z][a-zA-Z]*'
            AND language NOT GLOB '*[^a-zA-Z0-9-]*' AND length(language) <= 35)),
    timezone TEXT CONSTRAINT "timezone: a name such as Europe/Riga"
        CHECK (timezone IS NULL OR timezone = '' OR (timezone NOT GLOB '*[^a-zA-Z0-9_+/-]*'
            AND length(timezone) <= 64)),
    active INTEGER NOT NULL DEFAULT 1 CONSTRAINT "active: 1 or 0" CHECK (active IN (0, 1))
);

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT UNIQUE CONSTRAINT "ref: your own key, one line, not empty"
        CHECK (ref IS NULL OR (typeof(ref) = 'text' AND trim(ref) <> ''
            AND ref NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(ref, char(0)) = 0)),
    client_id INTEGER NOT NULL REFERENCES client (id),
    workflow TEXT,
    stage TEXT NOT NULL CONSTRAINT "stage: the name of a stage, not empty"
        CHECK (trim(stage) <> '' AND stage NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(stage, char(0)) = 0),
    title TEXT,
    staff_id INTEGER REFERENCES staff (id),
    due TEXT CONSTRAINT "due: a date or a time such as 2026-12-08T15:00"
        CHECK (due IS NULL OR (substr(due, 1, 10) GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
        AND date(substr(due, 1, 10), '+0 days') = substr(due, 1, 10)
        AND (length(due) = 10
            OR (due GLOB '??????????T[0-2][0-9]:[0-5][0-9]*' AND due NOT GLOB '*[a-z ]*'
                AND datetime(due) IS NOT NULL)))),
    amount NUMERIC CONSTRAINT "amount: a number such as 120.50"
        CHECK (amount IS NULL OR typeof(amount) IN ('integer', 'real')),
    currency TEXT CONSTRAINT "currency: three letters such as EUR"
        CHECK (currency IS NULL OR currency GLOB '[A-Z][A-Z][A-Z]'),
    fields TEXT CONSTRAINT "fields: a JSON object of at most 64 kB"
        CHECK (fields IS NULL OR (length(fields) <= 65536 AND json_valid(fields)
            AND json_type(fields) = 'object')),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX job_client ON job (client_id);
-- All that counting the jobs of a stage needs.
CREATE INDEX job_stage ON job (trim(stage), workflow, stage);

CREATE TABLE appointment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT UNIQUE CONSTRAINT "ref: your own key, one line, not empty"
        CHECK (ref IS NULL OR (typeof(ref) = 'text' AND trim(ref) <> ''
            AND ref NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(ref, char(0)) = 0)),
    client_id INTEGER NOT NULL REFERENCES client (id),
    job_id INTEGER REFERENCES job (id),
    staff_id INTEGER REFERENCES staff (id),
    title TEXT,
    location TEXT,
    starts TEXT NOT NULL CONSTRAINT "starts: a time such as 2026-12-08T15:00"
        CHECK (substr(starts, 1, 10) GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
        AND date(substr(starts, 1, 10), '+0 days') = substr(starts, 1, 10)
        AND (length(starts) = 10
            OR (starts GLOB '??????????T[0-2][0-9]:[0-5][0-9]*' AND starts NOT GLOB '*[a-z ]*'
                AND datetime(starts) IS NOT NULL))),
    ends TEXT CONSTRAINT "ends: a time such as 2026-12-08T16:00"
        CHECK (ends IS NULL OR (substr(ends, 1, 10) GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
        AND date(substr(ends, 1, 10), '+0 days') = substr(ends, 1, 10)
        AND (length(ends) = 10
            OR (ends GLOB '??????????T[0-2][0-9]:[0-5][0-9]*' AND ends NOT GLOB '*[a-z ]*'
                AND datetime(ends) IS NOT NULL)))),
    timezone TEXT CONSTRAINT "timezone: a name such as Europe/Riga"
        CHECK (timezone IS NULL OR timezone = '' OR (timezone NOT GLOB '*[^a-zA-Z0-9_+/-]*'
            AND length(timezone) <= 64)),
    status TEXT NOT NULL DEFAULT 'booked'
        CONSTRAINT "status: booked, confirmed, cancelled, completed or missed"
        CHECK (status IN ('booked', 'confirmed', 'cancelled', 'completed', 'missed')),
    uid TEXT,
    sequence INTEGER NOT NULL DEFAULT 0,
    fields TEXT CONSTRAINT "fields: a JSON object of at most 64 kB"
        CHECK (fields IS NULL OR (length(fields) <= 65536 AND json_valid(fields)
            AND json_type(fields) = 'object')),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX appointment_client ON appointment (client_id);
CREATE INDEX appointment_starts ON appointment (starts, timezone);
CREATE INDEX appointment_job ON appointment (job_id) WHERE job_id IS NOT NULL;

-- What clients say to us, by whatever way: a reply, a survey, a telephone call that somebody took. A
-- row may name the job or appointment it is about.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT UNIQUE CONSTRAINT "ref: your own key, one line, not empty"
        CHECK (ref IS NULL OR (typeof(ref) = 'text' AND trim(ref) <> ''
            AND ref NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'
            AND instr(ref, char(0)) = 0)),
    client_id INTEGER NOT NULL REFERENCES client (id),
    job_id INTEGER REFERENCES job (id),
    appointment_id INTEGER REFERENCES appointment (id),
    channel TEXT CONSTRAINT "channel: email, sms, phone, web, person or NULL"
        CHECK (channel IS NULL OR channel IN ('email', 'sms', 'phone', 'web', 'person', '')),
    text TEXT CONSTRAINT "text: at most 64 kB" CHECK (text IS NULL OR length(text) <= 65536),
    score INTEGER CONSTRAINT "score: a whole number such as 4"
        CHECK (score IS NULL OR typeof(score) = 'integer'),
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
        CONSTRAINT "at: an instant such as 2026-12-08T15:00:00Z"
        CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]*'
            AND (at GLOB '*Z' OR at GLOB '*[+-][0-2][0-9]:[0-5][0-9]') AND at NOT GLOB '*[a-z ]*'
            AND date(substr(at, 1, 10), '+0 days') = substr(at, 1, 10)
            AND datetime(at) IS NOT NULL)
);
CREATE INDEX answer_client ON answer (client_id);

-- A ledger: rows are only added, the latest of a (client, channel, purpose) counts.
CREATE TABLE consent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id INTEGER NOT NULL REFERENCES client (id),
    channel TEXT NOT NULL CONSTRAINT "channel: email or sms" CHECK (channel IN ('email', 'sms')),
    purpose TEXT NOT NULL CONSTRAINT "purpose: service, marketing or survey"
        CHECK (purpose IN ('service', 'marketing', 'survey')),
    state TEXT NOT NULL CONSTRAINT "state: in or out" CHECK (state IN ('in', 'out')),
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    source TEXT,
    wording TEXT
);
CREATE INDEX consent_client ON consent (client_id, channel, purpose, id);

-- From here on the tables are the service's own.

-- What the triggers saw, oldest first, until the service has looked. Kinds are those of enum
-- entity_kind; detail is the stage of a job, the status of an appointment.
CREATE TABLE change_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    detail TEXT
);

-- What we know of each record, by the writer's key, so that a REPLACE is an update. facts: what
-- planning depends on, joined as text. state: a stage, a status, a client's E.164 number.
-- generation: the playbook it was last planned with, 0: its plan is old, -1: it never was. told_ms: when its client first heard of it.
CREATE TABLE entity (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    client_row INTEGER NOT NULL DEFAULT 0,
    present INTEGER NOT NULL DEFAULT 1,
    revision INTEGER NOT NULL DEFAULT 0,
    state TEXT,
    facts TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    told_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
);
CREATE INDEX entity_row ON entity (kind, row_id, present);
CREATE INDEX entity_client ON entity (client_row) WHERE kind = 3 OR kind = 4 OR kind = 7;

-- What happened to a job, an appointment, an answer; events are those of enum event.
CREATE TABLE event (
    entity_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    event INTEGER NOT NULL,
    stage TEXT,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (entity_id, revision)
) WITHOUT ROWID;
-- Which jobs came to a stage lately.
CREATE INDEX event_entered ON event (stage, at_ms) WHERE event = 0;

-- How a job or an appointment stood from then on, as far as planning depends on it (entity.facts):
-- what `simulate` replays. Only the service's own looks are kept, one for each change they found.
CREATE TABLE past (
    entity_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (entity_id, at_ms)
) WITHOUT ROWID;

-- What we keep of each rule: since when it counts. identity: its on, to and purpose. digest: of its
-- whole definition; trial: it is new or changed, and nobody has counted yet how many clients it
-- would write to at once. paused_by: those of enum rule_pauser. lifted: the hour until which the
-- storm brake lets it go, -1: a person has just said so.
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    identity TEXT NOT NULL,
    capped INTEGER NOT NULL DEFAULT 1,
    present INTEGER NOT NULL DEFAULT 1,
    digest INTEGER NOT NULL DEFAULT 0,
    trial INTEGER NOT NULL DEFAULT 0,
    paused_ms INTEGER,
    pause_reason TEXT,
    paused_by INTEGER NOT NULL DEFAULT 0,
    lifted INTEGER NOT NULL DEFAULT 0
);

-- How many messages each rule put on the wire, by the hour (span 1) and by the day (span 24), both
-- counted from 1970: the row of `at` is about the span hours from at * span on (send/brake.h).
CREATE TABLE volume (
    rule_id INTEGER NOT NULL,
    span INTEGER NOT NULL,
    at INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    PRIMARY KEY (rule_id, span, at)
) WITHOUT ROWID;

-- One row per (rule, subject, occurrence, repeat, recipient, channel). States are those of enum
-- message_state, channels those of enum channel. next_ms: when to look at it. final: ended by a
-- person, or taken up again by one; no new plan brings it back or moves it. inside: for the staff or the office, not for a client.
-- near_ms: how far claims could look when it was planned or brought near (store/horizon.h).
-- merges: its rule may join it with others for the same client.
-- saw: what the decision to let it go was taken on, a JSON object (send/gate.c).
-- leader_id: the message that it went with, or is to go with again; it has no words of its own then.
--
-- The conditions of the partial indexes are comparisons only: each is computed for each row that is
-- written, and SQLite builds the list of an IN anew every time.
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    state INTEGER NOT NULL,
    nominal_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    near_ms INTEGER NOT NULL DEFAULT 0,
    state_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    final INTEGER NOT NULL DEFAULT 0,
    merges INTEGER NOT NULL DEFAULT 0,
    leader_id INTEGER,
    inside INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    gateway TEXT,
    address TEXT,
    saw TEXT,
    provider_id TEXT
);
CREATE UNIQUE INDEX message_key
    ON message (subject_id, rule_id, occurrence, repeat, recipient_id, channel);
CREATE INDEX message_next ON message (channel, next_ms) WHERE state <= 2 AND next_ms <= near_ms;
CREATE INDEX message_far ON message (next_ms / 604800000) WHERE state <= 2 AND next_ms > near_ms;
CREATE INDEX message_merge ON message (recipient_id, channel, next_ms) WHERE merges AND state <= 2;
CREATE INDEX message_leader ON message (leader_id) WHERE leader_id IS NOT NULL;
CREATE INDEX message_stuck ON message (due_ms) WHERE state = 1 OR state = 2;
CREATE INDEX message_open ON message (state, id) WHERE state BETWEEN 3 AND 4;
CREATE INDEX message_inside ON message (state, expires_ms) WHERE inside = 1;
-- What did not simply go: held, unknown, bounced, failed, cancelled, skipped, expired.
CREATE INDEX message_apart ON message (state_ms, state) WHERE state = 1 OR state = 4 OR state >= 7;
CREATE INDEX message_heard ON message (recipient_id, state_ms) WHERE state BETWEEN 3 AND 7;

-- What goes out, stored before the wire: data is the exact bytes of an e-mail.
CREATE TABLE payload (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    token TEXT NOT NULL,
    committing INTEGER NOT NULL DEFAULT 0,
    language TEXT,
    subject TEXT,
    text TEXT NOT NULL,
    data BLOB
);

-- Decisions not to let a message go, or not yet, with what each saw; rows are only added.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id),
    at_ms INTEGER NOT NULL,
    next_ms INTEGER,
    state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    saw TEXT
);
CREATE INDEX decision_message ON decision (message_id);

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id),
    at_ms INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code INTEGER,
    detail TEXT
);
CREATE INDEX attempt_message ON attempt (message_id);
CREATE INDEX attempt_unknown ON attempt (message_id) WHERE outcome = 'unknown';

-- What providers told of messages that they had taken (status: those of enum report_status), until
-- it has been looked at: then settled.
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id),
    gateway TEXT NOT NULL,
    status INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    code TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (message_id, gateway, status)
);
CREATE INDEX report_open ON report (id) WHERE settled = 0;

-- How many there are, kept with each change: messages of a rule in a state (what is deleted is
-- counted off), exchanges ever made.
CREATE TABLE message_tally (
    rule_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (rule_id, state)
) WITHOUT ROWID;
CREATE TABLE attempt_tally (
    gateway TEXT NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, outcome)
) WITHOUT ROWID;
CREATE TRIGGER message_deleted AFTER DELETE ON message
BEGIN
    INSERT INTO message_tally (rule_id, state, count) VALUES (old.rule_id, old.state, -1)
    ON CONFLICT DO UPDATE SET count = count - 1;
END;

-- What a person has to do. key: at most one task of a key exists. done_by: who finished it, '' if
-- nobody said; NULL with done_ms: it ended by itself, and done_note says why.
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    message_id INTEGER REFERENCES message (id),
    staff_id INTEGER,
    client_id INTEGER,
    job_id INTEGER,
    appointment_id INTEGER,
    text TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    done_ms INTEGER,
    done_by TEXT,
    done_note TEXT
);
CREATE INDEX task_open ON task (created_ms) WHERE done_ms IS NULL;
CREATE INDEX task_message ON task (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX task_job ON task (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX task_appointment ON task (appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX task_done ON task (done_ms) WHERE done_by IS NOT NULL;
CREATE INDEX task_client ON task (client_id, created_ms) WHERE client_id IS NOT NULL;

-- Jobs in a stage that no workflow has, and whom a person was asked about (watch/stray.h).
CREATE TABLE stray (
    entity_id INTEGER PRIMARY KEY,
    stage TEXT NOT NULL
);
CREATE INDEX stray_stage ON stray (stage);

-- What the calendars of clients were told of an appointment. told: its times and words, joined.
CREATE TABLE invitation (
    subject_id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    sequence INTEGER NOT NULL,
    client_row INTEGER NOT NULL,
    told TEXT NOT NULL
);

-- Calendars that others may subscribe to. hash: of the token in the link, which nobody but they
-- have. staff_key: whose visits, by the writer's own key; NULL: everybody's.
CREATE TABLE published (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    staff_key TEXT,
    created_ms INTEGER NOT NULL
);

-- Calendars that are read, by their names in betimes.conf; "import" is for single files. etag,
-- modified, token: what the last look that was applied was answered with. until_ms: up to when its
-- recurrences were followed. rules: a fingerprint of how it was read. tries: looks that failed since. asks: why the last look was not
-- applied and waits for a yes; asks_missing: how many events it lacked; accepted: so many may be
-- missing at the next look. wanted_ms: when somebody asked for a look. notes: what was wrong with
-- the calendar, a line each.
CREATE TABLE calendar (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    etag TEXT,
    modified TEXT,
    token TEXT,
    looked_ms INTEGER NOT NULL DEFAULT 0,
    good_ms INTEGER NOT NULL DEFAULT 0,
    until_ms INTEGER NOT NULL DEFAULT 0,
    rules INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    trouble TEXT,
    asks TEXT,
    asks_missing INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    wanted_ms INTEGER NOT NULL DEFAULT 0,
    notes TEXT
);

-- What their events were at the last look, one row for each time of a series. recurrence: which
-- one, "" for an event that is no series. digest: of all that matters. states are those of enum
-- event_state. names: whom the event names, see calendar/names.h. ref: its appointment's.
CREATE TABLE calendar_event (
    id INTEGER PRIMARY KEY,
    calendar_id INTEGER NOT NULL REFERENCES calendar (id),
    uid TEXT NOT NULL,
    recurrence TEXT NOT NULL,
    digest INTEGER NOT NULL,
    state INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    starts_ms INTEGER NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT,
    timezone TEXT,
    title TEXT,
    location TEXT,
    staff_row INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    names TEXT NOT NULL,
    ref TEXT UNIQUE
);
CREATE UNIQUE INDEX calendar_event_key ON calendar_event (calendar_id, uid, recurrence);
CREATE INDEX calendar_event_unmatched ON calendar_event (calendar_id) WHERE state = 1;

-- The objects of CalDAV collections as the last look found them: their address and ETag there, and
-- the UID of the event in them. trouble: why one could not be read.
CREATE TABLE calendar_object (
    calendar_id INTEGER NOT NULL REFERENCES calendar (id),
    href TEXT NOT NULL,
    etag TEXT NOT NULL,
    uid TEXT NOT NULL,
    trouble TEXT,
    PRIMARY KEY (calendar_id, href)
) WITHOUT ROWID;
CREATE INDEX calendar_object_trouble ON calendar_object (calendar_id, href)
    WHERE trouble IS NOT NULL;
CREATE INDEX calendar_object_uid ON calendar_object (calendar_id, uid);

-- Visits whose calendar may have to be told that they were confirmed or cancelled, by the
-- appointment's ref.
CREATE TABLE calendar_write (
    ref TEXT PRIMARY KEY,
    next_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX calendar_write_next ON calendar_write (next_ms);

-- Who may use the page. password: as crypt(5) writes it. role: those of enum role. email, phone:
-- where their own tests of texts go.
CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role INTEGER NOT NULL,
    password TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    email TEXT,
    phone TEXT
);

-- Who is signed in. hash: of the cookie, which nobody but the browser has; previous: of the one
-- before, good for a moment after a change. form: what its forms carry.
CREATE TABLE session (
    hash TEXT PRIMARY KEY,
    previous TEXT,
    user_id INTEGER NOT NULL REFERENCES user (id),
    form TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
);
CREATE INDEX session_previous ON session (previous) WHERE previous IS NOT NULL;

-- Who did what on the page or to its users; rows are only added. user: the name at that time.
-- about: the record that it was done to, such as 'client 7'.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    user TEXT NOT NULL,
    action TEXT NOT NULL,
    about TEXT,
    detail TEXT
);
CREATE INDEX audit_about ON audit (about, id) WHERE about IS NOT NULL;
CREATE INDEX audit_user ON audit (user, action, at_ms);

-- What people noted about a client on the page; rows are only added. user: the name at that time.
CREATE TABLE note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    user TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX note_client ON note (client_id, at_ms);
CREATE INDEX note_at ON note (at_ms);

-- The texts of the templates as they were: the latest of a file is the one that counts. file: beneath
-- the folder. by: who saved it on the page; NULL: it was found in the file. same: what it says did
-- not change, so that its translations are as good as before.
CREATE TABLE template_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    by TEXT,
    same INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL
);
CREATE INDEX template_version_file ON template_version (file, id);

-- What clocks showed in each zone when it was last planned with, as a fingerprint; 0: nobody knew
-- the name.
CREATE TABLE zone (name TEXT PRIMARY KEY, fingerprint INTEGER NOT NULL) WITHOUT ROWID;

-- What somebody is to be alerted of (store/alerts.h). told_ms: when it was last in a digest; over_ms:
-- since when it is over; once: news of a moment, which is over by itself.
CREATE TABLE alert (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    told_ms INTEGER NOT NULL DEFAULT 0,
    over_ms INTEGER,
    once INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- For others to read.

CREATE VIEW outbox AS
SELECT
    m.id,
    r.name AS rule,
    r.purpose,
    s.client_row AS client_id,
    CASE s.kind WHEN 3 THEN s.row_id WHEN 4 THEN a.job_id WHEN 7 THEN n.job_id END AS job_id,
    CASE s.kind WHEN 4 THEN s.row_id WHEN 7 THEN n.appointment_id END AS appointment_id,
    m.address AS "to",
    CASE m.channel WHEN 0 THEN 'email' WHEN 1 THEN 'sms' ELSE 'task' END AS channel,
    strftime('%Y-%m-%dT%H:%M:%SZ', CASE m.state WHEN 0 THEN max(m.due_ms, m.next_ms) ELSE m.due_ms
        END / 1000, 'unixepoch') AS due,
    CASE m.state WHEN 0 THEN 'planned' WHEN 1 THEN 'held' WHEN 2 THEN 'retry' WHEN 3 THEN 'sending'
        WHEN 4 THEN 'unknown' WHEN 5 THEN 'sent' WHEN 6 THEN 'delivered' WHEN 7 THEN 'bounced'
        WHEN 8 THEN 'failed' WHEN 9 THEN 'cancelled' WHEN 10 THEN 'skipped' WHEN 11 THEN 'expired'
        END AS state,
    m.reason,
    m.attempts,
    m.gateway,
    p.subject,
    p.text,
    strftime('%Y-%m-%dT%H:%M:%SZ', m.state_ms / 1000, 'unixepoch') AS changed,
    m.leader_id AS with_id
FROM message AS m
JOIN rule AS r ON r.id = m.rule_id
JOIN entity AS s ON s.id = m.subject_id
LEFT JOIN appointment AS a ON s.kind = 4 AND a.id = s.row_id
LEFT JOIN answer AS n ON s.kind = 7 AND n.id = s.row_id
LEFT JOIN payload AS p ON p.message_id = m.id;

CREATE VIEW history AS
SELECT client_id, changed AS at, 'message' AS kind, id, rule, channel, "to", state, reason,
    subject, text, job_id, appointment_id, with_id
FROM outbox
WHERE state NOT IN ('planned', 'held', 'retry')
UNION ALL
SELECT client_id, strftime('%Y-%m-%dT%H:%M:%SZ', at), 'answer', id, NULL, channel, NULL, NULL, NULL,
    NULL, CASE WHEN score IS NULL THEN text ELSE ltrim(coalesce(text, '') || char(10) || 'score: '
        || score, char(10)) END, job_id, appointment_id, NULL
FROM answer
UNION ALL
SELECT client_id, strftime('%Y-%m-%dT%H:%M:%SZ', at_ms / 1000, 'unixepoch'), 'note', id, NULL, NULL,
    NULL, NULL, NULL, NULL, text, NULL, NULL, NULL
FROM note;
