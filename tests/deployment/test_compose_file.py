"""What docker-compose.yml promises, read from the file: no engine is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
STACK: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
ONCE = {"init", "bucket", "doctor"}  # these end
BY_PROFILE = {
    "worker-gpu": "gpu",
    "s3": "s3",
    "bucket": "s3",
    "prometheus": "metrics",
    "grafana": "metrics",
    "doctor": "doctor",
}
SEEN = {"api", "grafana"}  # what a person opens
OUTSIDE = SEEN | {"sweeper"}  # which sends to webhooks, where they are on


def test_parts_are_there() -> None:
    assert set(SERVICES) == {
        "init", "api", "worker-cpu", "ingest", "short", "sweeper", "redis", "postgres", *BY_PROFILE,
    }  # fmt: skip
    assert {name: service["profiles"][0] for name, service in SERVICES.items() if "profiles" in service} == BY_PROFILE


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert 0 < service["pids_limit"] <= 4096
    assert service["logging"]["options"]["max-size"]
    if name == "init":
        assert service["cap_add"] == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]  # hands files over, and ends
    else:
        assert "cap_add" not in service
        assert service["user"] not in ("root", "0", "0:0")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_each_part_that_stays_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["depends_on" if name != "init" else "image"]


def test_nobody_reaches_anything_but_the_pages() -> None:
    assert STACK["networks"]["inside"]["internal"] == "${INTERNAL:-true}"
    for name, service in SERVICES.items():
        assert service["networks"] == (["inside", "outside"] if name in OUTSIDE else ["inside"]), name
        assert ("ports" in service) == (name in SEEN), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_no_password_is_written_down() -> None:
    assert not re.search(r"PASSWORD[A-Z_]*:(?! /run/secrets/)", TEXT)
    assert not re.search(r"PASSWORD:-", TEXT)
    for url in re.findall(r"\w+://[^\s'\"]*@", TEXT):
        assert re.fullmatch(r"\w+://\w*:%s@", url), url


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_each_part_reads_only_secrets_of_its_own(name: str) -> None:
    mounted = [one for one in SERVICES[name].get("volumes", []) if one.startswith("secrets-")]
    own = {"redis": "redis", "postgres": "postgres", "s3": "s3", "grafana": "grafana", "prometheus": None}.get(
        name, "adaline"
    )
    assert mounted == ([f"secrets-{own}:/run/secrets/{own}:ro"] if own else [])


def test_named_volumes_are_declared() -> None:
    used = {
        one.split(":")[0]
        for service in SERVICES.values()
        for one in service.get("volumes", [])
        if not one.startswith((".", "/"))
    }
    assert used == set(STACK["volumes"])


def test_images_of_others_have_a_version() -> None:
    for name, service in SERVICES.items():
        image = service["image"]
        assert image.startswith("adaline-") or re.search(r":v?\d", image), name


def test_files_of_this_repository_that_are_mounted_are_there() -> None:
    mounted = [one for service in SERVICES.values() for one in service.get("volumes", []) if one.startswith("./")]
    assert len(mounted) == 5
    for one in mounted:
        assert (ROOT / one.split(":")[0]).is_file(), one


def test_prometheus_asks_every_part_that_tells_of_itself() -> None:
    asked = yaml.safe_load((ROOT / "service/monitoring/prometheus.yaml").read_text())
    (found,) = asked["scrape_configs"][0]["dns_sd_configs"]
    told = {name for name, service in SERVICES.items() if name not in ONCE and "environment" in service}
    told = {name for name in told if "ADALINE_METRICS_PORT" in SERVICES[name]["environment"]}
    assert set(found["names"]) == told
    assert str(found["port"]) == SERVICES["api"]["environment"]["ADALINE_METRICS_PORT"]
    assert asked["rule_files"] == ["alerts.yaml"]  # beside it, in the container too
    assert any(one.endswith("/etc/prometheus/alerts.yaml:ro") for one in SERVICES["prometheus"]["volumes"])
