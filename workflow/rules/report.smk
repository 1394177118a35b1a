"""The report's page on the study; Snakemake's report has this page, figures, tables and audit."""

page_tables = [files.table(name) for name in study.tables]
page_pretraining = []
if study.model.pretrain:
    page_pretraining = [adapted_files["losses"] if study.adaptation else validation_losses]


rule story:
    input:
        tables=ancient(page_tables),
        pretraining=ancient(page_pretraining),
        statements=statements_of(*page_tables, *page_pretraining),
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
        pretraining=lambda w, input: [f"--pretraining {path}" for path in input.pretraining],
        template=lambda w, input: os.path.dirname(input.template[0]),
    shell:
        "python {params.code.path} {params.flags} --tables {input.tables} "
        "{params.pretraining} --verdict {input.verdict} --template {params.template} --page {output} 2> {log}"
