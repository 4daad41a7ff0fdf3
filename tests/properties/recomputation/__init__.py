"""The recomputation: a site's hits and configuration as plain JSON -> every figure of its reports.

It has no store, no marks and no order of arrival, and it uses nothing of the product. It is written from
`docs/models.md` alone, so that it can disagree with the pipeline in everything. A world may have some hundred hits.
"""
