"""Scores from predictions, and tables and figures from scores; nothing here trains."""

transferred = {"matrix": files.table("transfer_matrix")}
transferred |= made("transfer", "table", "text", "svg", "png")
compared = made("baselines", "table", "text")


rule metrics:
    input:
        predictions=lambda w: ancient(experiments.predicted(files, design, w.part)),
        statements=lambda w: stated(*experiments.predicted(files, design, w.part)),
    output:
        metrics=files.metrics("{part}"),
        statement=stated(files.metrics("{part}")),
    log:
        files.log("metrics/{part}"),
    benchmark:
        files.benchmark("metrics/{part}")
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("metrics"),
        flags=lambda w: flags.metrics(study, w.part),
    shell:
        "python {params.code.path} {params.flags} --part {wildcards.part} "
        "--output {output.metrics} 2> {log}"


rule transfer:
    input:
        metrics=ancient(files.metrics("transfer")),
        statements=stated(files.metrics("transfer")),
    output:
        **reported(transferred),
        statements=stated(*transferred.values()),
    log:
        files.log("transfer"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("transfer"),
        flags=flags.table(study),
    shell:
        "python {params.code.path} {params.flags} --metrics {input.metrics} "
        "--table {output.table} --matrix {output.matrix} --text {output.text} "
        "--svg {output.svg} --png {output.png} 2> {log}"


rule baselines:
    input:
        metrics=ancient(files.metrics("baselines")),
        statements=stated(files.metrics("baselines")),
    output:
        **reported(compared),
        statements=stated(*compared.values()),
    log:
        files.log("baselines"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("baselines"),
        flags=flags.table(study),
    shell:
        "python {params.code.path} {params.flags} --metrics {input.metrics} "
        "--table {output.table} --text {output.text} 2> {log}"
