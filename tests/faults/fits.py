"""Faults of fits, and of the fitters that make them. See decision 16."""

from tests.faults.facts import AFFECTED
from tests.faults.fault import EDGES, fault
from tests.faults.rollups import ROLLUP

FITTER = "reporting/fitter.py"
FIT_MARKS = "conversions/marks/fit_marks.py"
ITS_TESTS = "tests/reporting/test_fitter.py"

FITS = [
    fault(
        "rollups don't mark the fits of their month",
        EDGES,
        ROLLUP,
        "        self.marks.mark_fits({(one.mark.site, one.month) for one in made if one.cells and one.month})\n",
        "",
    ),
    fault(
        "changed fits mark no bucket of the next month",
        EDGES,
        FITTER,
        "            self._mark_next_month(site, taken.month)\n",
        "            pass\n",
    ),
    fault(
        "fits learn from clicks of stand-ins",
        "tests/reporting/fits/test_inputs.py",
        "reporting/fits/inputs.py",
        "return [touch for touch in touches if touch.landed or click_key(touch) not in landed]",
        "return list(touches)",
    ),
    fault(
        "fits treat each visitor as a person",
        EDGES,
        FITTER,
        "return touches, counted_in(site, bucket, cases), people.of",
        'return touches, counted_in(site, bucket, cases), lambda touch: f"v:{touch.visitor}"',
    ),
    fault(
        "a fitter adds touches of some parts of an hour before it has read the other parts",
        ITS_TESTS,
        FITTER,
        "            gatherer.end_bucket()\n",
        "                gatherer.end_bucket()\n",
    ),
    fault(
        "a new fit is compared only with the stored fit, and not with `told`",
        ITS_TESTS,
        FITTER,
        "changed = told != taken.told or told !=",
        "changed = told !=",
    ),
    fault(
        "a fitter doesn't empty `told` before it writes other fits",
        ITS_TESTS,
        FITTER,
        "if changed and not self.fit_marks.clear_told(taken):",
        "if False:",
    ),
    fault(
        "an overtaken fitter that sets `told` and closes the mark",
        "tests/conversions/marks/test_fit_marks.py",
        FIT_MARKS,
        "FitMark.objects.filter(pk=mark.pk, writer=mark.writer)",
        "FitMark.objects.filter(pk=mark.pk)",
    ),
    fault(
        "fits are written under the token of their mark",
        ITS_TESTS,
        FITTER,
        "CellSet(site.key, taken.writer, cells)",
        "CellSet(site.key, taken.token, cells)",
    ),
    fault(
        "links that mark no bucket of their visitor's touches",
        ITS_TESTS,
        AFFECTED,
        "[*own, *touches, *rows, *later]",
        "[*own, *rows, *later]",
    ),
]
