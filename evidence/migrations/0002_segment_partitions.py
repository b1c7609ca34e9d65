"""The segment table: partitioned by UTC day, with a function that the recorder may call to make days ahead."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

TABLE = """
CREATE TABLE evidence_segment (
    day date NOT NULL,
    id uuid NOT NULL,
    camera uuid NOT NULL,
    lease_epoch bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    clock_offset_ms integer,
    clock_error_ms integer,
    codec varchar(40) NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    retention_class varchar(30) NOT NULL,
    destroy_after timestamptz NOT NULL,
    destroy_rule varchar(80) NOT NULL,
    plain_bytes bigint NOT NULL CHECK (plain_bytes > 0),
    ciphertext_bytes bigint NOT NULL CHECK (ciphertext_bytes > plain_bytes),
    ciphertext_sha256 bytea NOT NULL CHECK (length(ciphertext_sha256) = 32),
    fragments integer NOT NULL CHECK (fragments > 0),
    merkle_root bytea NOT NULL CHECK (length(merkle_root) = 32),
    index bytea NOT NULL,
    init_length integer NOT NULL CHECK (init_length > 0),
    previous bytea CHECK (length(previous) = 32),
    commitment bytea NOT NULL CHECK (length(commitment) = 32),
    period_starts_at timestamptz NOT NULL,
    period_s integer NOT NULL CHECK (period_s IN (3600, 86400)),
    wrapped_key bytea,
    recovered boolean NOT NULL DEFAULT false,
    seal_sha256 bytea NOT NULL CHECK (length(seal_sha256) = 32),
    minute timestamptz,
    tombstone uuid,
    PRIMARY KEY (day, id),
    CHECK (ends_at > starts_at),
    CHECK (day = (starts_at AT TIME ZONE 'UTC')::date)
) PARTITION BY RANGE (day);
CREATE INDEX evidence_segment_camera_time ON evidence_segment (camera, starts_at);
CREATE INDEX evidence_segment_unrooted ON evidence_segment (starts_at) WHERE minute IS NULL;
CREATE INDEX evidence_segment_due ON evidence_segment (destroy_after) WHERE tombstone IS NULL;
-- A row that lands here is an alarm: nobody made its day.
CREATE TABLE evidence_segment_default PARTITION OF evidence_segment DEFAULT;

CREATE FUNCTION evidence_make_day(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    name text := format('evidence_segment_%s', to_char(wanted, 'YYYYMMDD'));
BEGIN
    IF to_regclass(format('public.%I', name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.evidence_segment FOR VALUES FROM (%L) TO (%L)',
                   name, wanted, wanted + 1);
    RETURN true;
EXCEPTION WHEN duplicate_table THEN
    RETURN false;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("evidence", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(TABLE, "DROP FUNCTION evidence_make_day(date); DROP TABLE evidence_segment;"),
    ]
