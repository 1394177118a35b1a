"""The audit of what the study has made: where each mask comes from, and whether it was altered."""


rule audit:
    # `rule all` is known only when every rule has been read, hence functions.
    input:
        study=lambda wildcards: ancient(rules.all.input),
        statements=lambda wildcards: stated(*rules.all.input),
        code=code("audit"),
    output:
        masks=files.audit("masks.csv"),
        report=files.audit("report.html"),
    log:
        files.log("audit"),
    benchmark:
        files.benchmark("audit")
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results}),
    shell:
        "python {input.code[0]} {params.flags} --masks {output.masks} "
        "--report {output.report} > {log} 2>&1"
