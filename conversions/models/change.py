"""Change: saving or deleting a part of the configuration marks its whole site in the same transaction."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from conversions.marks.marks import mark_site
from tracker.models import Site, keep_soon

slug = RegexValidator(r"\A[A-Za-z0-9._:-]+\Z", "Letters, digits and . _ : - only.")


def note_change(site: Site) -> None:
    """Mark the whole site, and take a snapshot at the commit. Call it in the transaction that changes the
    configuration."""
    mark_site(site.key)
    keep_soon()


class FiguresDependOnIt(models.Model):
    """Base of the configuration that figures depend on. Saving or deleting a row marks its whole site."""

    #: A field that can't change once it is saved -> what to do instead.
    FIXED: dict[str, str] = {}

    class Meta:
        abstract = True

    def get_site(self) -> Site:
        """Return the site whose figures may change."""
        raise NotImplementedError

    def clean(self) -> None:
        """Refuse to change a fixed field."""
        saved = type(self)._default_manager.filter(pk=self.pk).first() if self.pk else None
        for field, instead in self.FIXED.items():
            if saved and getattr(saved, field) != getattr(self, field):
                raise ValidationError({field.removesuffix("_id"): f"This can't change any more. {instead}"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Check with `clean`, save, and mark the site."""
        with transaction.atomic():
            self.clean()
            super().save(*args, **kwargs)
            note_change(self.get_site())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, and mark the site."""
        with transaction.atomic():
            note_change(self.get_site())
            return super().delete(*args, **kwargs)
