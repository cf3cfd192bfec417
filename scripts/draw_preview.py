"""Takes the Space's preview picture: the served page with the answer to a review.

Usage: `python scripts/draw_preview.py`, with Chromium installed.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

SPACE = Path(__file__).resolve().parent.parent / "space"
REVIEW = "A wonderful film: warm, funny and beautifully acted. Only the end was a bit boring."
WIDTH_PIXELS, HEIGHT_PIXELS, ZOOM = 1200, 630, 1.25
"""What pages that show links ask for: https://ogp.me, https://developers.facebook.com/docs/sharing/webmasters/images."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Take the preview picture of a model's page.")
    parser.add_argument("--model", metavar="FOLDER", default=SPACE / "model", help="(default: space/model)")
    parser.add_argument("--output", metavar="PNG", default=SPACE / "thumbnail.png", help="(default: in space/)")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Serve the page, ask for an answer, and write the picture."""
    arguments = parse_arguments(argv)
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        raise InputError("there is no Chromium; install it, such as by apt-get install chromium")

    from playwright.sync_api import sync_playwright

    from hf_lstm.demo.app import build_demo, launch_demo
    from hf_lstm.model.classifier import LSTMSentiment

    demo = build_demo(LSTMSentiment.from_pretrained(arguments.model))
    try:
        address = launch_demo(demo)
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            page = browser.new_page(
                viewport={"width": round(WIDTH_PIXELS / ZOOM), "height": round(HEIGHT_PIXELS / ZOOM)},
                device_scale_factor=ZOOM,
            )
            page.goto(f"{address}?__theme=light")
            page.locator("#text textarea").fill(REVIEW)
            page.locator("#classify").click()
            page.locator(".answer[data-state=result]").wait_for()
            # Times are those of this machine.
            page.add_style_tag(content="footer, .facts, .answer-note { visibility: hidden; }")
            page.screenshot(path=arguments.output)
            browser.close()
    finally:
        demo.close(verbose=False)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    run_command_line(main)
