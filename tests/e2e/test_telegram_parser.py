"""What is sent to Telegram, read by Telegram's own parser (TDLib)."""
import pathlib
import platform
import subprocess

import pytest

from conftest import BINARY, PATIENCE, ROOT


@pytest.mark.skipif(platform.machine() != "x86_64", reason="TDLib is there for x86_64")
def test_telegrams_parser_takes_500_random_documents():
    compose = pathlib.Path(BINARY).with_name("compose")
    done = subprocess.run(["node", str(ROOT / "tests/e2e/telegram_parser/check.mjs"), str(compose), "500"], capture_output=True, text=True, timeout=PATIENCE * 4)
    assert done.returncode == 0, done.stdout + done.stderr[-8000:]
    assert done.stdout.startswith("500 documents, ")
