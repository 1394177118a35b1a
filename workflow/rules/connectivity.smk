"""The line between the ends of two trainings that differ in the order of their data alone."""

line = files.line(names.TRAINING)


rule interpolate:
    input:
        **encoded("validation"),
        ends=lambda w: ancient(ends_of(w)),
        data=ancient(files.data("{task}", "validation")),
        statements=lambda w: statements_of(*ends_of(w), files.encoded(w.task, "validation")),
        model=files.configuration(),
    output:
        line=line,
        statement=statements_of(line),
    log:
        files.log(f"lines/{names.TRAINING}"),
    wildcard_constraints:
        order=names.OTHER_ORDER,
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
    params:
        code=code("interpolate"),
        flags=lambda w: flags.interpolation(study, study.tasks[w.task]),
        model=folder_of_model,
    shell:
        "python {params.code.path} {params.flags} "
        "--first {input.ends[0]} --second {input.ends[1]} --model {params.model} "
        "--validation {input.validation} --data {input.data} --line {output.line} "
        "--trainings-per-gpu {resources.trainings_per_gpu} 2> {log}"
