"""The page that tells a study to a reader; Snakemake's report has it, figures, tables and audit."""

told = [files.table(name) for name in registry.tables()]


rule story:
    input:
        tables=ancient(told),
        statements=stated(*told),
        verdict=files.audit("verdict.json"),
        template=[
            os.path.relpath(ROOT / "workflow" / "report" / f"story.{kind}")
            for kind in ("html.jinja", "css", "js")
        ],
        code=code("story", *map(registry.module, registry.tables())),
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
        flags=flags.flags({"model": study.model.path, "seeds": study.seeds}),
        template=lambda w, input: os.path.dirname(input.template[0]),
    shell:
        "python {input.code[0]} {params.flags} --tables {input.tables} "
        "--verdict {input.verdict} --template {params.template} --page {output} 2> {log}"
