"""What every part of the configuration has in common: saving it marks its whole site in the same transaction."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from conversions.marks.marks import WHOLE_SITE, mark_buckets
from tracker.models import Site, keep_soon

slug = RegexValidator(r"\A[A-Za-z0-9._:-]+\Z", "Letters, digits and . _ : - only.")


def note_change(site: Site) -> None:
    """Call it in the transaction that changes the configuration: the whole site is marked, a snapshot kept soon."""
    mark_buckets(site.key, [WHOLE_SITE])
    keep_soon()


class FiguresDependOnIt(models.Model):
    """What figures depend on: saving or deleting it marks its whole site in the same transaction."""

    #: What can't change once it is saved, with what to do instead.
    FIXED: dict[str, str] = {}

    class Meta:
        abstract = True

    def get_site(self) -> Site:
        """The site whose figures may change."""
        raise NotImplementedError

    def clean(self) -> None:
        """Refuses a change of what is fixed."""
        saved = type(self)._default_manager.filter(pk=self.pk).first() if self.pk else None
        for field, instead in self.FIXED.items():
            if saved and getattr(saved, field) != getattr(self, field):
                raise ValidationError({field.removesuffix("_id"): f"This can't change any more. {instead}"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves under the rules of `clean` and marks the site."""
        with transaction.atomic():
            self.clean()
            super().save(*args, **kwargs)
            note_change(self.get_site())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Deletes and marks the site."""
        with transaction.atomic():
            note_change(self.get_site())
            return super().delete(*args, **kwargs)
