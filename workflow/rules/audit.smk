"""The audit of what the study has made: where each mask comes from, and whether it was altered."""


rule audit:
    input:
        tables=rules.all.input,
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
        results=study.results,
    shell:
        "python {input.code[0]} --results {params.results} --masks {output.masks} "
        "--report {output.report} > {log} 2>&1"
