-- The log. Read with docs/threat-model.md: the triggers stop mistakes and the application's role; what a
-- database superuser changes is shown by the tiles, the checkpoint and the witnesses.

CREATE TABLE audit_entry (
    id          uuid        PRIMARY KEY DEFAULT uuidv7(),
    body        bytea       NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65535),
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xact        xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX audit_entry_xact ON audit_entry (xact);
-- Random bytes do not shrink; trying costs time on each insert.
ALTER TABLE audit_entry ALTER body SET STORAGE EXTERNAL;

CREATE TABLE audit_disclosure (
    month date NOT NULL,                       -- of the insert, UTC; an erased month is rewritten or dropped whole
    entry uuid NOT NULL,
    field text NOT NULL,                       -- '-' holds all empty fields of the entry
    salt  bytea NOT NULL CHECK (octet_length(salt) >= 16 AND octet_length(salt) % 16 = 0),
    value text NOT NULL,                       -- canonical JSON, exactly as hashed
    PRIMARY KEY (entry, field, month)
) PARTITION BY RANGE (month);
CREATE TABLE audit_disclosure_default PARTITION OF audit_disclosure DEFAULT;  -- a row in here alarms
GRANT SELECT ON audit_disclosure_default TO watchlight_sequencer;

CREATE TABLE audit_pending (
    entry uuid PRIMARY KEY
);

CREATE TABLE audit_leaf (
    index bigint PRIMARY KEY CHECK (index >= 0),
    entry uuid NOT NULL UNIQUE
);

CREATE TABLE audit_head (
    id   smallint PRIMARY KEY CHECK (id = 1),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);
INSERT INTO audit_head VALUES (1, 0, sha256(''));

CREATE TABLE audit_checkpoint (
    size        bigint PRIMARY KEY CHECK (size >= 0),
    note        text NOT NULL,
    cosigned_at timestamptz
);

CREATE TABLE audit_touch (
    entry     uuid NOT NULL,
    ordinal   smallint NOT NULL CHECK (ordinal >= 0),
    camera    uuid,
    placement uuid,
    watched   tstzrange NOT NULL CHECK (NOT isempty(watched)),
    footage   tstzrange CHECK (NOT isempty(footage)),
    actor     text,
    basis     uuid,
    owner     uuid,
    outcome   text,
    event     text NOT NULL,
    purpose   text,
    PRIMARY KEY (entry, ordinal)
);
-- GiST knows no equality of uuids without an extension: a camera is a range of one hash value, and queries
-- compare the uuid besides. int8, because the upper end of the largest int4 overflows.
CREATE INDEX audit_touch_watched ON audit_touch
    USING gist (int8range(uuid_hash(camera), uuid_hash(camera), '[]'), watched);
CREATE INDEX audit_touch_footage ON audit_touch
    USING gist (int8range(uuid_hash(camera), uuid_hash(camera), '[]'), footage);
CREATE INDEX audit_touch_actor ON audit_touch (actor, entry);
CREATE INDEX audit_touch_basis ON audit_touch (basis, entry);

CREATE TABLE audit_erasure (
    entry            uuid NOT NULL,
    field            text NOT NULL,
    announced_by     uuid NOT NULL,
    rule             text NOT NULL,
    deleted_at       timestamptz,
    rewritten_at     timestamptz,
    rewritten_lsn    text,                     -- WAL before this may still hold the row
    backups_ended_at timestamptz,
    PRIMARY KEY (entry, field),
    CHECK (deleted_at IS NOT NULL OR rewritten_at IS NULL),
    CHECK ((rewritten_at IS NULL) = (rewritten_lsn IS NULL))
);

CREATE FUNCTION watchlight_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'watchlight: % is append-only, % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Deletes only what an erasure names, and only by the eraser.
CREATE FUNCTION watchlight_only_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'watchlight_eraser' AND EXISTS (
        SELECT 1 FROM audit_erasure
        WHERE entry = OLD.entry AND deleted_at IS NULL
          AND (TG_ARGV[0] = 'any field' OR field = (to_jsonb(OLD) ->> 'field'))
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'watchlight: % is append-only and no erasure names this row', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- An entry whose transaction is this one must exist; ids of transactions start again in a restored cluster,
-- so an old entry with the same number does not count.
CREATE FUNCTION watchlight_require_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM audit_entry
        WHERE xact = pg_current_xact_id() AND received_at > transaction_timestamp() - interval '1 hour'
    ) THEN
        RAISE EXCEPTION 'watchlight: % of % without an entry in the log', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION watchlight_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size <= OLD.size THEN
        RAISE EXCEPTION 'watchlight: the head of the log only moves forward';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER only_erasure BEFORE UPDATE OR DELETE ON audit_disclosure  -- cloned to each partition
    FOR EACH ROW EXECUTE FUNCTION watchlight_only_erasure('this field');
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_touch
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
CREATE TRIGGER only_erasure BEFORE DELETE ON audit_touch
    FOR EACH ROW EXECUTE FUNCTION watchlight_only_erasure('any field');
CREATE TRIGGER forward_only BEFORE UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION watchlight_head_forward();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();

-- Makes the partitions of this month and of the next ``ahead`` months. The owner's rights, so that the
-- application needs none of its own; returns how many it made.
CREATE FUNCTION watchlight_make_log_months(ahead integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    first date;
    name text;
    made integer := 0;
BEGIN
    IF ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'watchlight: at most 24 months ahead';
    END IF;
    FOR i IN 0..ahead LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        name := to_char(first, '"audit_disclosure_y"YYYY"m"MM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_disclosure FOR VALUES FROM (%L) TO (%L)',
                       name, first, (first + interval '1 month')::date);
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change()', name);
        EXECUTE format('GRANT MAINTAIN ON %I TO watchlight_eraser', name);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_disclosure_default
    FOR EACH STATEMENT EXECUTE FUNCTION watchlight_refuse_change();
REVOKE EXECUTE ON FUNCTION watchlight_make_log_months(integer) FROM PUBLIC;
SELECT watchlight_make_log_months(3);
