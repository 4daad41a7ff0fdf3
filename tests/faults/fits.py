"""Faults of fits, and of the fitters that make them. See decision 16."""

from tests.faults.facts import AFFECTED
from tests.faults.fault import EDGES, fault
from tests.faults.rollups import ROLLUP

FITTER = "reporting/fitter.py"
FIT_MARKS = "conversions/marks/fit_marks.py"
ITS_TESTS = "tests/reporting/test_fitter.py"

FITS = [
    fault(
        "rollups that mark no month",
        EDGES,
        ROLLUP,
        "        self.marks.mark_fits({(one.mark.site, one.month) for one in made if one.cells and one.month})\n",
        "",
    ),
    fault(
        "changed fits that mark no bucket of the next month",
        EDGES,
        FITTER,
        "            self._mark_next_month(site, taken.month)\n",
        "            pass\n",
    ),
    fault(
        "clicks of stand-ins are learnt from",
        "tests/reporting/fits/test_inputs.py",
        "reporting/fits/inputs.py",
        "return [touch for touch in touches if touch.landed or click_key(touch) not in landed]",
        "return list(touches)",
    ),
    fault(
        "visitors are taken for persons",
        EDGES,
        FITTER,
        "return touches, counted_in(site, bucket, cases), people.of",
        'return touches, counted_in(site, bucket, cases), lambda touch: f"v:{touch.visitor}"',
    ),
    fault(
        "touches of some parts of an hour are added before the other parts are read",
        ITS_TESTS,
        FITTER,
        "            gatherer.end_bucket()\n",
        "                gatherer.end_bucket()\n",
    ),
    fault(
        "only the stored fit is compared, and not `told`",
        ITS_TESTS,
        FITTER,
        "changed = told != taken.told or told !=",
        "changed = told !=",
    ),
    fault(
        "`told` not emptied before other fits are written",
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
        "fits written under the mark's token",
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
