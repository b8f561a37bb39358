"""An audit on standard output."""

from __future__ import annotations

from collections.abc import Mapping

from jpegproof.safe_text import printable
from jpegproof.verbs.audit import Audit

_BAR_WIDTH = 40


def print_audit(audit: Audit) -> None:
    """Counts, qualities, samplings, sizes and hazards as one table."""
    print(f"{audit.folder}: {len(audit.files):,} files")
    _print_line("a study would", _counts(audit.treatments))
    _print_line("left out since", _counts(audit.reasons))
    _print_line("formats", _counts(audit.formats))
    _print_line("sampling", _counts(audit.subsamplings))
    _print_line("scans", _counts(audit.scan_orders))
    _print_line("megapixels", _spread(audit.megapixels, ".2f"))
    _print_line("kilobytes", _spread(audit.kilobytes, ".0f"))
    _print_qualities(audit)
    _print_hazards(audit)


def _print_line(label: str, text: str) -> None:
    if text:
        print(f"  {label:<15} {text}")


def _counts(counts: Mapping[str, int]) -> str:
    named = ((count, name) for name, count in counts.items() if count)
    return ", ".join(f"{count:,} {name}" for count, name in sorted(named, reverse=True))


def _spread(spread: tuple[float, float, float] | None, form: str) -> str:
    if spread is None:
        return ""
    smallest, middle, largest = spread
    return f"{smallest:{form}} to {largest:{form}}, half of them up to {middle:{form}}"


def _print_qualities(audit: Audit) -> None:
    shown = [row for row in audit.qualities if row[1] or row[2]]
    if not shown:
        return
    print(
        f"\n  {'quality':<10}{'libjpeg':>9}{'other tables':>14}   (the standard quality that the tables are nearest to)"
    )
    most = max(own + others for _, own, others in shown)
    for qualities, own, others in shown:
        bar = "#" * -(-own * _BAR_WIDTH // most) + "-" * -(-others * _BAR_WIDTH // most)
        print(f"  {qualities:<10}{own:>9,}{others:>14,}   {bar}")


def _print_hazards(audit: Audit) -> None:
    if not audit.hazards:
        return
    width = max(len(each.hazard.name) for each in audit.hazards)
    print(f"\n  {'hazard':<{width}} {'files':>7}  {'a study would':<20}  such as")
    for each in audit.hazards:
        examples = ", ".join(map(_short, each.examples[:2])) + (", ..." if each.count > 2 else "")
        print(f"  {each.hazard.name:<{width}} {each.count:>7,}  {each.hazard.treatment:<20}  {examples}")


def _short(name: str) -> str:
    """A printable name, not longer than a line has room for."""
    plain = printable(name)
    return plain if len(plain) <= 48 else f"...{plain[-45:]}"
