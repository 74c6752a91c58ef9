"""The page in a real browser."""

from pathlib import Path

from playwright.async_api import async_playwright, expect

import dashboard_ledger
import needs
from dashboard_ledger import Ledger
from shared import process
from shared.database import Database

LIMIT_MS = 60_000


async def test_a_photo_filed_while_the_page_is_open_appears(
    database: Database, tmp_path: Path
) -> None:
    browser_path = needs.program("chromium", "chromium-browser", "google-chrome")
    ledger = Ledger(database, tmp_path)
    stop = process.Stop()
    faults: list[str] = []
    async with (
        dashboard_ledger.served(dashboard_ledger.parts(database, stop), stop) as address,
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-dev-shm-usage"],
            timeout=LIMIT_MS,
        ) as browser,
        await browser.new_page() as page,
    ):
        page.set_default_timeout(LIMIT_MS)
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(address)
        await expect(page.get_by_text("No photos yet")).to_be_visible(timeout=LIMIT_MS)

        asset_id = ledger.photo(original_name="party <1>.jpg")
        await expect(page.get_by_text("party <1>.jpg")).to_be_visible(timeout=LIMIT_MS)
        for kind in ("thumbnail", "preview"):
            ledger.rendition(asset_id, kind)
        ledger.stage(asset_id, "thumbnailed", "done")
        picture = page.locator("#latest img")
        await expect(picture).to_have_js_property("naturalWidth", 300, timeout=LIMIT_MS)

        await picture.click()
        await expect(page.get_by_role("heading", name="party <1>.jpg")).to_be_visible(
            timeout=LIMIT_MS
        )
    assert faults == []
