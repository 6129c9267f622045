"""A setting that needs an extra which is not there: the author is told, and what to type."""

import subprocess
import sys
from pathlib import Path

_WITHOUT = """
import sys
sys.modules["cryptography"] = None
from engine.cli import main
main(["validate", sys.argv[1]])
"""


def test_a_signature_without_the_extra_is_a_warning(tmp_path: Path) -> None:
    settings = (Path(__file__).parent / "base/settings/regulars.yaml").read_text("utf-8")
    email = "from: Fine Shop <hello@shop.example>"
    signed = settings.replace(email, f"{email}, dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}")
    assert signed != settings
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/regulars.yaml").write_text(signed, "utf-8")
    command = [sys.executable, "-c", _WITHOUT, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "warning[not-installed]: nothing can be signed here" in said
    assert "pip install 'regulars[dkim]'" in said
