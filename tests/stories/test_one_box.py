"""One box: what a start makes, what it refuses, and what it mends after something was killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from rtcc.config import ConfigError, load
from rtcc.onebox import children, keys, logfiles, tls
from rtcc.onebox.__main__ import check_simulator_port
from rtcc.onebox.environment import Birth, Box, port_is_free, settings, simulator_port
from rtcc.onebox.layout import DataFolder, secret, socket_folder
from rtcc.onebox.options import ROOT, parse
from rtcc.onebox.postgres import Cluster
from rtcc.onebox.progress import Stop
from rtcc.onebox.supervisor import Service, Supervisor, answers_at


def _until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.bear(demo=True)
    return folder


@pytest.fixture
def cluster(data: DataFolder) -> Iterator[Cluster]:
    """A made cluster that is not running; whatever runs on it is ended."""
    made = Cluster(data.root / "postgres", data.sockets, data.secrets, {"fsync": "off"})
    made.create()
    yield made
    made.end_leftover()


def _service(cluster: Cluster) -> Service:
    return Service(
        "postgres",
        "Database",
        cluster.command(),
        cluster.environment(),
        cluster.answers,
        stop=signal.SIGINT,
        before=cluster.end_leftover,
    )


@pytest.fixture
def supervisor(data: DataFolder) -> Iterator[Supervisor]:
    made = Supervisor(data.run, data.logs)
    yield made
    made.stop()


def _pid(cluster: Cluster) -> int:
    return int((cluster.folder / "postmaster.pid").read_text().split("\n", 1)[0])


def test_a_killed_database_is_started_again_and_keeps_what_was_committed(
    cluster: Cluster, supervisor: Supervisor
) -> None:
    supervisor.start(_service(cluster))
    cluster.make_roles()
    cluster.make_database("watchlight")
    with cluster.connect("owner", "watchlight") as owner:
        owner.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first = _pid(cluster)
    os.kill(first, signal.SIGKILL)

    def mended() -> bool:
        supervisor.look()
        return (cluster.folder / "postmaster.pid").exists() and _pid(cluster) != first and cluster.answers()

    _until(mended)
    with cluster.connect("owner", "watchlight") as owner:
        assert owner.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(
    cluster: Cluster, supervisor: Supervisor
) -> None:
    stale = f"{os.getpid()}\n{cluster.folder}\n0\n5432\n{cluster.sockets}\n\n0 0\n"
    (cluster.folder / "postmaster.pid").write_text(stale)
    supervisor.start(_service(cluster))
    assert _pid(cluster) != os.getpid()


def test_a_server_left_by_a_killed_start_is_ended_before_the_next(cluster: Cluster) -> None:
    left = subprocess.Popen(cluster.command(tied=False), env=cluster.environment(), start_new_session=True)
    _until(cluster.answers)
    assert cluster.end_leftover()
    assert left.wait(60) == 0


def test_a_half_made_cluster_is_made_anew(data: DataFolder) -> None:
    half = data.root / "postgres.new"
    half.mkdir()
    (half / "rubbish").write_text("from a killed start")
    cluster = Cluster(data.root / "postgres", data.sockets, data.secrets)
    assert cluster.create()
    assert not half.exists()
    assert not cluster.create()


def test_the_database_listens_on_no_network_and_believes_nobody(
    cluster: Cluster, supervisor: Supervisor
) -> None:
    supervisor.start(_service(cluster))
    with cluster.connect() as admin:
        assert admin.execute("SHOW listen_addresses").fetchone() == ("",)
        methods = admin.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(cluster.sockets), user="postgres", dbname="postgres", password="guess")


def test_secrets_and_folders_are_closed_to_others(data: DataFolder, cluster: Cluster) -> None:
    keys.make(data)
    open_to_others = [
        str(path)
        for folder in (data.root, data.keys, data.secrets, data.run, data.logs, cluster.folder)
        for path in (folder, *(folder.iterdir() if folder in (data.keys, data.secrets) else ()))
        if path.stat().st_mode & 0o077
    ]
    assert not open_to_others


def test_a_long_path_gets_a_short_folder_for_its_sockets(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90) / "run"
    folder = socket_folder(long)
    try:
        assert len(str(folder / ".s.PGSQL.5432")) < 107
        assert folder == socket_folder(long)
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = secret(path)
    assert len(first) >= 40
    assert secret(path) == first


def test_a_lost_root_key_is_never_replaced_by_itself(data: DataFolder) -> None:
    Birth.of(data, parse([]))
    keys.root_key(data).unlink()
    with pytest.raises(Stop, match="escrowed"):
        Birth.of(data, parse([]))
    assert not keys.root_key(data).exists()


def test_a_first_start_killed_before_its_end_is_a_first_start_again(data: DataFolder) -> None:
    keys.make(data)
    first = keys.root_key(data).read_bytes()
    settled_before = data.settled
    born = Birth.of(data, parse([]))
    assert (settled_before, data.settled) == (False, True)
    assert keys.root_key(data).read_bytes() == first
    assert Birth.of(data, parse([])) == born


def test_a_folder_stays_what_it_was_born_as(data: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="demo folder"):
        data.bear(demo=False)
    production = DataFolder(tmp_path / "production")
    production.bear(demo=False)
    with pytest.raises(Stop, match="production folder"):
        production.bear(demo=True)


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("not ours")
    with pytest.raises(Stop, match="not empty"):
        DataFolder(tmp_path).bear(demo=True)
    assert not (tmp_path / "DEMO").exists()


def test_only_one_start_has_the_folder_and_a_killed_one_frees_it(data: DataFolder) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom rtcc.onebox.layout import DataFolder\n"
        "assert DataFolder(Path(sys.argv[1])).claim('run') is not None\nprint('claimed', flush=True)\n"
        "time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(data.root)], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"claimed\n"
    assert data.claim("run") is None
    assert data.claimed_by() == ("run", str(holder.pid))
    holder.kill()
    holder.wait()
    holder.stdout.close()
    claim = data.claim("run")
    assert claim is not None
    os.close(claim)


def _sleeper(name: str, ready: Callable[[], bool] = lambda: True) -> Service:
    code = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(0)); time.sleep(600)"
    return Service(name, name.title(), [sys.executable, "-c", code], {}, ready)


def test_children_end_with_their_supervisor_however_it_ends(data: DataFolder) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom rtcc.onebox import children\n"
        "child = children.spawn([sys.executable, '-c', 'import time; time.sleep(600)'], {})\n"
        "children.Register(Path(sys.argv[1])).write({'sleeper': child.pid})\n"
        "print(child.pid, flush=True)\ntime.sleep(600)"
    )
    register = data.run / "processes.json"
    parent = subprocess.Popen([sys.executable, "-c", code, str(register)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert children.alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _until(lambda: not children.alive(child))


def test_what_a_killed_supervisor_left_is_ended_but_never_a_stranger(
    data: DataFolder,
) -> None:
    register = children.Register(data.run / "processes.json")
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as left:
        register.write({"left": left.pid})
        assert register.end_leftovers() == ["left"]
        assert left.wait(60) != 0
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        register.path.write_text(f'{{"gone": [{stranger.pid}, 1]}}')
        assert register.end_leftovers() == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_that_never_works_stops_the_start_and_shows_its_log(supervisor: Supervisor) -> None:
    broken = Service(
        "broken", "Broken", [sys.executable, "-c", "raise SystemExit('no such table')"], {}, lambda: False
    )
    with pytest.raises(Stop, match="no such table"):
        supervisor.start(broken)


def test_processes_stop_in_reverse_order(data: DataFolder) -> None:
    note = data.run / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    open(sys.argv[1], 'a').write(sys.argv[2] + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); open(sys.argv[1] + sys.argv[2], 'w'); time.sleep(600)"
    )
    supervisor = Supervisor(data.run, data.logs)
    names = ("first", "second", "third")
    supervisor.start(
        *(
            Service(
                name,
                name,
                [sys.executable, "-c", code, str(note), name],
                {},
                Path(f"{note}{name}").exists,
            )
            for name in names
        )
    )
    supervisor.stop()
    assert note.read_text().split() == ["third", "second", "first"]


def test_a_log_is_turned_over_and_old_ones_end(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(8):
        log.write_text(f"{number}" * 100)
        assert logfiles.turn_over(log, limit=50)
    assert log.read_text() == ""
    assert (tmp_path / "web.log.1").read_text() == "7" * 100
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "web.log", *(f"web.log.{number}" for number in range(1, 6))
    ]  # fmt: skip


def test_a_taken_port_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not port_is_free(port)
        assert answers_at(f"tcp:{port}")()
    assert port_is_free(port)
    assert not answers_at(f"tcp:{port}")()


def test_two_demonstrations_have_cameras_at_different_ports_and_a_taken_one_stops_the_start(
    data: DataFolder, cluster: Cluster, tmp_path: Path
) -> None:
    ports = {simulator_port(DataFolder(tmp_path / name)) for name in ("one", "two", "three")}
    assert len(ports) == 3
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        birth = Birth("localhost", "watchlight.example/log", stranger.getsockname()[1])
        box = Box(data, parse([]), birth, cluster)
        with pytest.raises(Stop, match="cameras of another"):
            check_simulator_port(box)
    check_simulator_port(box)


def test_each_role_is_told_its_own_password_only(data: DataFolder, cluster: Cluster) -> None:
    box = Box(data, parse([]), Birth("localhost", "watchlight.example/log", 8554), cluster)
    told = settings(box, "app")
    for role in ("owner", "sequencer", "eraser", "postgres"):
        assert not any(cluster.password(role) in value for value in told.values())
    assert cluster.password("app") in told["WATCHLIGHT_DATABASE_URL"]


def _secret_file(data: DataFolder) -> Path:
    path = data.root / "some-secret"
    path.write_text("x" * 40)
    return path


def test_the_operators_choices_reach_the_settings_and_misspelled_ones_stop_the_start(
    data: DataFolder, cluster: Cluster
) -> None:
    box = Box(data, parse([]), Birth("localhost", "watchlight.example/log", 8554), cluster)
    assert settings(box, "app")["WATCHLIGHT_CAMERA_NETWORKS"] == "127.0.0.1/32:8554"
    chosen = data.root / "settings.toml"
    chosen.write_text('camera_networks = ["192.0.2.0/24:554-554", "198.51.100.7/32:8554-8560"]\n')
    told = settings(box, "app")["WATCHLIGHT_CAMERA_NETWORKS"]
    assert told == "192.0.2.0/24:554-554,198.51.100.7/32:8554-8560"
    chosen.write_text('city_zone = "America/Denver"\nperiod_keys = ["/mnt/a/keys", "/mnt/b/keys"]\n')
    given = settings(box, "app") | {"WATCHLIGHT_SECRET_KEY_FILE": str(_secret_file(data))}
    assert given["WATCHLIGHT_PERIOD_KEYS"] == "/mnt/a/keys,/mnt/b/keys"
    read = load(given)
    assert read.city_zone.key == "America/Denver"
    assert [str(path) for path in read.period_keys_dirs[1:]] == ["/mnt/a/keys", "/mnt/b/keys"]
    wrongs = (
        ("CITY_ZONE", "America/Chikago"), ("PERIOD_KEYS", "keys"), ("PERIOD_KEYS", "/a,/a"),
        # This is a demo, which stands behind no proxy at all.
        ("PROXIES", "10.0.0.5"),
    )  # fmt: skip
    for key, wrong in wrongs:
        with pytest.raises(ConfigError, match=key):
            load({**given, f"WATCHLIGHT_{key}": wrong})
    production = {**given, "WATCHLIGHT_DEMO": "0"}
    read = load({**production, "WATCHLIGHT_PROXIES": "10.0.0.5, 10.1.0.0/16"})
    assert read.proxies == ("10.0.0.5", "10.1.0.0/16")
    for wrong in ("anybody", "*", "0.0.0.0/0", "10.0.0.5/8"):
        with pytest.raises(ConfigError, match="PROXIES"):
            load({**production, "WATCHLIGHT_PROXIES": wrong})
    chosen.write_text('camera_network = "192.0.2.0/24:554-554"\n')
    with pytest.raises(Stop, match="camera_network"):
        settings(box, "app")


def test_a_self_made_certificate_is_kept_until_it_names_another_host(tmp_path: Path) -> None:
    import datetime

    now = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
    certificate, key = tls.self_made(tmp_path, "rtcc.example", now)
    first = tls.fingerprint(certificate)
    assert tls.fingerprint(tls.self_made(tmp_path, "rtcc.example", now)[0]) == first
    assert key.stat().st_mode & 0o077 == 0
    assert tls.fingerprint(tls.self_made(tmp_path, "192.0.2.7", now)[0]) != first


@pytest.mark.parametrize(
    "words", [["--port", "0"], ["--cameras", "0"], ["--video", "/no/such"], ["--host", "x"], ["--port", "a"]]
)
def test_options_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(words)
    assert stopped.value.code == 2


def test_words_after_the_options_are_a_management_command() -> None:
    options = parse(["--port", "8001", "verify_log", "--from", "7"])
    assert (options.port, options.command) == (8001, ("verify_log", "--from", "7"))
