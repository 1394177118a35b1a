"""The audit of the study: where each mask comes from, and whether files were altered."""


rule audit:
    # `rule all` is known only when every rule has been read, hence functions.
    input:
        study=lambda wildcards: ancient(rules.all.input.study),
        statements=lambda wildcards: statements_of(*rules.all.input.study),
    output:
        masks=files.audit("masks.csv"),
        report=report(
            files.audit("report.html"),
            category="4. Audit",
            caption="../report/audit.rst",
            labels={"page": "audit"},
        ),
        verdict=files.audit("verdict.json"),
    log:
        files.log("audit"),
    benchmark:
        files.benchmark("audit")
    conda:
        "../../envs/environment.yaml"
    # Each process may sort the scores of all weights: 2 GB of a BERT-base, and 8 are asked of a cluster.
    threads: 4
    params:
        code=code("audit", *map(registry.file, registry.tables())),
        flags=flags.audit(study),
    shell:
        "python {params.code.path} {params.flags} --masks {output.masks} "
        "--report {output.report} --verdict {output.verdict} --processes {threads} > {log} 2>&1"
