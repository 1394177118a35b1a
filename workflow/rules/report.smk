"""The report's page on the study; Snakemake's report has this page, figures, tables and audit."""

page_tables = [files.table(name) for name in study.tables]


rule story:
    input:
        tables=ancient(page_tables),
        statements=statements_of(*page_tables),
        verdict=files.audit("verdict.json"),
        template=[
            os.path.relpath(ROOT / "workflow" / "report" / f"story.{kind}")
            for kind in ("html.jinja", "css", "js")
        ],
    output:
        report(
            files.story(),
            category="1. The story",
            caption="../report/story.rst",
            labels={"page": "story"},
        ),
    log:
        files.log("story"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("story", *map(registry.file, registry.tables())),
        flags=flags.flags({"model": study.model.path, "seeds": study.seeds}),
        template=lambda w, input: os.path.dirname(input.template[0]),
    shell:
        "python {params.code.path} {params.flags} --tables {input.tables} "
        "--verdict {input.verdict} --template {params.template} --page {output} 2> {log}"
