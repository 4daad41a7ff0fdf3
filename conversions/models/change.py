"""Change: the base of the models of the configuration. When a row is saved or deleted, its site is marked to be rolled
up again in the same transaction."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from conversions.marks.marks import mark_site
from tracker.models import Site, keep_soon

slug = RegexValidator(r"\A[A-Za-z0-9._:-]+\Z", "Letters, digits and . _ : - only.")


def note_change(site: Site) -> None:
    """Mark the whole site to be rolled up again, and store a snapshot after the commit. Call it in the transaction of
    the change."""
    mark_site(site.key)
    keep_soon()


class FiguresDependOnIt(models.Model):
    """The base of all configuration on which figures depend. When a row is saved or deleted, its whole site is rolled
    up again."""

    #: A field that can't be changed after it is saved -> advice on what to do instead.
    FIXED: dict[str, str] = {}

    class Meta:
        abstract = True

    def get_site(self) -> Site:
        """Return the site whose figures may change."""
        raise NotImplementedError

    def clean(self) -> None:
        """Refuse a change of the fields in FIXED, which can't change once the row is saved."""
        saved = type(self)._default_manager.filter(pk=self.pk).first() if self.pk else None
        for field, instead in self.FIXED.items():
            if saved and getattr(saved, field) != getattr(self, field):
                raise ValidationError({field.removesuffix("_id"): f"This can't change any more. {instead}"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Check the row with `clean`, save it, and mark its site to be rolled up again."""
        with transaction.atomic():
            self.clean()
            super().save(*args, **kwargs)
            note_change(self.get_site())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row, and mark its site to be rolled up again."""
        with transaction.atomic():
            note_change(self.get_site())
            return super().delete(*args, **kwargs)
