"""The catalog's package: pages that load nothing from elsewhere, and what they say of models."""

import gzip
import json
import re
from math import ceil
from pathlib import Path

import pytest

from infra import contents, site
from infra.exhibit import Exhibit
from serving import artifact, folder, lock
from serving.prices import Meter
from tests.unit.infra.test_contents import add_model

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "functions" / "catalog" / "static"
PAGES = sorted(STATIC.glob("*.html"))
_PACKED = "functions/catalog/static/"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Name -> bytes of what is served, for one model and pages of two lines."""
    root = tmp_path_factory.mktemp("root")
    add_model(root)
    catalog = root / "functions" / "catalog"
    (catalog / "static" / "assets").mkdir(parents=True)
    (catalog / "handler.py").write_text("handler = None\n")
    (catalog / "pages.py").write_text("")
    (catalog / "static" / "index.html").write_text('<script src="assets/app.js"></script>\n')
    (catalog / "static" / "assets" / "app.js").write_text('import "./key.js";\n')
    found = contents.functions(root)[0]["catalog"].contents()
    assert "functions/catalog/pages.py" in found
    return {
        name.removeprefix(_PACKED).removesuffix(".gz"): gzip.decompress(content)
        for name, content in found.items()
        if name.startswith(_PACKED) and isinstance(content, bytes)
    }


def test_assets_lie_below_a_digest_that_the_pages_name(files: dict[str, bytes]) -> None:
    (app,) = (name for name in files if name.endswith("/app.js"))
    assert re.fullmatch(r"assets/[0-9a-f]{12}/app\.js", app)
    assert files["index.html"].decode() == f'<script src="{app}"></script>\n'
    assert app.replace("app.js", "swagger-ui-bundle.js") in files
    assert app.replace("app.js", "swagger-ui.css") in files


def test_the_catalog_describes_the_models(files: dict[str, bytes]) -> None:
    (model,) = json.loads(files["catalog.json"])["models"]
    assert (model["name"], model["version"], model["metrics"]) == ("sorter", "3", {"accuracy": 0.9})
    assert model["answer_usd"] > 0
    assert "/v1/models/sorter/predict" in json.loads(files["openapi.json"])["paths"]
    assert json.loads(files["examples/sorter.json"]) == []


def test_a_price_is_of_the_share_of_a_processor_that_comes_with_the_memory() -> None:
    model = folder.read(ROOT / "functions" / "cifar10")
    loaded = artifact.load(ROOT / "training" / "cifar10" / "artifact")
    shown = site.describe(Exhibit.of(model, lock.read(model.path), loaded))
    assert isinstance(shown["latency_ms"], float)
    billed = ceil(shown["latency_ms"] * 1769 / model.memory_mb)
    assert billed > 10
    price = Meter(model.memory_mb, model.architecture).answer_usd(billed, through_gateway=True)
    assert shown["answer_usd"] == pytest.approx(price)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_hold_no_script_and_no_style_of_their_own(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []


@pytest.mark.parametrize("file", sorted(p for p in STATIC.rglob("*") if p.is_file()), ids=str)
def test_nothing_is_loaded_from_elsewhere(file: Path) -> None:
    namespaces = {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\s\"'`<>)$]+", file.read_text())) <= namespaces
    assert re.findall(r"""(?:src|href)=["']/""", file.read_text()) == []


def test_links_of_pages_lead_somewhere() -> None:
    generated = {"swagger-ui.css", "swagger-ui-bundle.js"}
    for page in PAGES:
        for name in re.findall(r'"assets/([^"]+)"', page.read_text()):
            assert name in generated or (STATIC / "assets" / name).is_file(), name
