"""The playground in a browser: every model is tried from its card, as people would.

Skipped where there is no Chromium; FLOTILLA_CHROMIUM names one that is not on the path.
"""

import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from infra.local.cloud import LocalCloud
from serving import folder
from serving.folder import ModelFolder
from tests.integration.fleet import ROOT

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("FLOTILLA_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
if not CHROMIUM:
    pytest.skip("there is no Chromium here", allow_module_level=True)

MODELS = [model.name for model in folder.discover(ROOT / "functions")]
EXPLAINED = re.compile("tabular|image|audio|text_classification")
PHONE = {"width": 360, "height": 740}
# What a page of another kind looks like: one model of each task, if it is built, and the cards.
PLACES = ("", "iris", "digits", "imdb", "minilm", "spoken_digits", "traffic")
_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
_PATIENCE_MS = 30_000


@pytest.fixture
def places(models: list[ModelFolder]) -> list[str]:
    """Those of `PLACES` that are there."""
    built = {model.name for model in models}
    return [place for place in PLACES if not place or place in built]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_MICROPHONE)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, cloud: LocalCloud) -> Iterator[BrowserContext]:
    """A visitor; what the browser complains of, or what it asks of others, fails the test."""
    context = browser.new_context()
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    complaints: list[str] = []
    context.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    context.on("weberror", lambda problem: complaints.append(str(problem.error)))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context
    context.close()
    ours = (cloud.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []
    assert [said for said in complaints if "401" not in said] == []


@pytest.fixture
def page(context: BrowserContext, cloud: LocalCloud) -> Page:
    """The cards, with the key of the cloud put in."""
    page = context.new_page()
    page.goto(f"{cloud.url}/#key={cloud.api_key}")
    page.wait_for_selector(".card")
    return page


def visit(page: Page, name: str) -> None:
    """Go to a model from wherever the page is."""
    page.evaluate("name => { location.hash = name }", name)
    if name:
        expect(page.locator("#model h1")).to_have_text(name.replace("_", " "))


def ask(page: Page, button: str = "Ask") -> str:
    """Press a button and read the answer."""
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_selector(".result:not([aria-busy]) .took")
    return page.inner_text(".result")


def test_a_price_is_rounded_as_the_readme_rounds_it(page: Page) -> None:
    said = page.evaluate(
        """async () => {
          const { perMillion } = await import(document.querySelector("link[href$='/dom.js']").href);
          return [3.925e-6, 3.92833e-6, 4.0084e-6].map(perMillion);
        }"""
    )
    assert said == ["$3.93", "$3.93", "$4.01"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_tried_from_its_card(
    page: Page, models: list[ModelFolder], name: str
) -> None:
    found = {model.name: model for model in models}.get(name)
    if found is None:
        pytest.skip("the model is not built here")
    page.click(f"#card-{name} a")
    expect(page.locator("#model h1")).to_be_focused()
    assert page.locator(".examples button").count() > 0
    answer = ask(page, "Ask, and why" if EXPLAINED.match(found.task) else "Ask")
    assert "ms of computing" in answer
    assert ("speaks for it" in answer) == bool(EXPLAINED.match(found.task))
    page.locator(".examples button").last.click()
    page.wait_for_selector(".result:not([aria-busy]) .took")
    expect(page.locator(".failed")).to_have_count(0)


def test_a_table_row_is_edited(page: Page) -> None:
    visit(page, "iris")
    assert "setosa" in ask(page).splitlines()[0]
    for name, value in {"sepal_length": 6.7, "sepal_width": 3, "petal_length": 5.2}.items():
        page.fill(f"#feature-{name}", str(value))
    page.fill("#feature-petal_width", "2.3")
    assert "virginica" in ask(page).splitlines()[0]


def test_a_review_is_typed_and_its_words_are_coloured(page: Page) -> None:
    visit(page, "imdb")
    page.fill("#text", "A wonderful, moving film; the best of this year.")
    answer = ask(page, "Ask, and why")
    assert "positive" in answer.splitlines()[0]
    assert page.locator(".words").inner_text() == page.input_value("#text")
    assert "wonderful" in page.locator(".words mark.for").all_inner_texts()


def test_a_digit_is_drawn(page: Page) -> None:
    visit(page, "digits")
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] - 40, steps=10)
    page.mouse.up()
    expect(page.locator("#code")).to_contain_text("@drawing.png")
    assert ask(page, "Ask, and why").startswith("1")
    expect(page.locator(".result .picture canvas")).to_be_visible()


def test_a_picture_is_brought(page: Page) -> None:
    visit(page, "cifar10")
    raw = BytesIO()
    Image.new("RGB", (40, 30), "skyblue").save(raw, "JPEG")
    picture = {"name": "sky.jpg", "mimeType": "image/jpeg", "buffer": raw.getvalue()}
    page.set_input_files("#file", files=[picture])
    expect(page.locator("#code")).to_contain_text("@sky.jpg")
    assert "%" in ask(page)


def test_the_microphone_is_recorded_as_wav(page: Page) -> None:
    visit(page, "spoken_digits")
    page.get_by_role("button", name="Record with the microphone").click()
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#code")).to_contain_text("@recording.wav")
    expect(page.locator(".examples [aria-pressed=true]")).to_have_count(0)
    assert "%" in ask(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the request").click()
    with wave.open(str(download.value.path())) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getnframes() > 0


def test_a_forecast_is_drawn_with_its_band(page: Page) -> None:
    visit(page, "traffic")
    page.locator("#steps").fill("12")
    assert "after 12 h" in ask(page)
    expect(page.locator("svg.chart .band")).to_have_count(1)
    assert page.locator("svg.chart").get_attribute("aria-label")
    assert page.locator(".tablebox tbody tr").count() == 12


def test_another_variant_is_asked(page: Page) -> None:
    visit(page, "spoken_digits")
    page.select_option("#variant", "int8")
    expect(page.locator("#code")).to_contain_text('"x-variant: int8"')
    ask(page)
    page.get_by_text("The whole answer, in JSON").click()
    expect(page.locator(".result details")).to_contain_text("variant int8")


def test_sentences_are_compared(page: Page, models: list[ModelFolder]) -> None:
    if "minilm" not in {model.name for model in models}:
        pytest.skip("the model is not built here")
    visit(page, "minilm")
    page.get_by_role("button", name="Three ways to say it").click()
    page.wait_for_selector(".result .took")
    alike, other = page.locator(".result .figure").all_inner_texts()
    assert float(alike) > float(other)


@pytest.mark.parametrize("language", ["curl", "Python"])
def test_the_code_gives_the_same_answer(page: Page, cloud: LocalCloud, language: str) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    visit(page, "linear_demo")
    page.fill("#feature-x1", "1.5")
    page.get_by_role("tab", name=language).click()
    code = page.inner_text("#code")
    command = ["bash", "-c", code] if language == "curl" else [sys.executable, "-c", code]
    env = {**os.environ, "KEY": cloud.api_key}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    value = page.evaluate("() => document.querySelector('#feature-x2').valueAsNumber")
    (said,) = re.findall(r"['\"]value['\"]: ?([-\d.]+)", ran.stdout)
    assert float(said) == pytest.approx(1.5 + 2 * value + 3, abs=1e-4)


def test_without_a_key_the_page_says_what_to_do(context: BrowserContext, cloud: LocalCloud) -> None:
    page = context.new_page()
    page.goto(f"{cloud.url}/#iris")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".failed")).to_contain_text("Put a key into the field")


def test_the_key_is_kept_out_of_the_address(page: Page, cloud: LocalCloud) -> None:
    assert cloud.api_key not in page.url
    page.reload()
    assert page.input_value("#key") == cloud.api_key


def test_it_can_be_used_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#card-linear_demo a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#model h1")).to_be_focused()
    page.get_by_role("button", name="Ask", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".result .took")
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    expect(page.locator("#code")).to_contain_text("import requests")
    page.locator(".back").press("Enter")
    expect(page.locator("#card-linear_demo a")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(page: Page, places: list[str], scheme: str) -> None:
    page.click("#theme", click_count=("light", "dark").index(scheme) + 1)
    assert page.inner_text("#theme") == f"Theme: {scheme}"
    for place in places:
        visit(page, place)
        if place:
            why = page.get_by_role("button", name="Ask, and why", exact=True)
            ask(page, "Ask, and why" if why.is_visible() else "Ask")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{place}: {found.generate_report()}"


def test_nothing_is_wider_than_a_phone(page: Page, places: list[str]) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    for place in places:
        visit(page, place)
        if place:
            ask(page)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], place


def test_it_works_below_the_name_of_a_stage(context: BrowserContext, cloud: LocalCloud) -> None:
    """As in AWS; the local cloud has no stage in its addresses."""

    def below(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace("/live/", "/", 1)))

    context.route(f"{cloud.url}/live/**", below)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{cloud.url}/live/#key={cloud.api_key}")
    page.click("#card-linear_demo a")
    ask(page)
    assert [url for url in asked if not url.startswith(f"{cloud.url}/live/")] == []


def test_swagger_ui_asks_the_api(page: Page, cloud: LocalCloud) -> None:
    page.goto(f"{cloud.url}/docs")
    page.click("#operations-tag-linear_demo")
    operation = page.locator("#operations-linear_demo-predict_linear_demo")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text(
        "200"
    )
