"""The recomputation: computes every figure of a site's reports from its hits and configuration (plain JSON).

It has no store, no marks and no order of arrival, and uses nothing of the product. It is written from `docs/models.md`
alone, and can therefore disagree with the product in everything. A world may have some hundred hits.
"""
