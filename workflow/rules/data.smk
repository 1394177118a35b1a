"""Data: the generated language; every task's data in canonical columns and as token ids."""

language_files = [
    files.language(task, split) for task in generator.TASKS for split in ("train", "validation")
]


# A cluster's compute nodes often have no network: what may come from the hub is read where Snakemake
# runs. `fetch` does all of that before anything is submitted.
rule fetch:
    input:
        [files.data(task, "train") for task in study.data],
        files.weights(adapted.ORIGINAL if study.adaptation else names.THETA_0),
    localrule: True


rule language:
    output:
        files.vocabulary(),
        language_files,
        statements_of(files.vocabulary(), *language_files),
    log:
        files.log("language"),
    benchmark:
        files.benchmark("language")
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("language"),
        flags=flags.flags(vars(study.language)),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python {params.code.path} {params.flags} --output {params.folder} 2> {log}"


rule data:
    input:
        source=source_of,
    output:
        train=files.data("{task}", "train"),
        validation=files.data("{task}", "validation"),
        statements=statements_of(files.data("{task}", "train"), files.data("{task}", "validation")),
    log:
        files.log("data/{task}"),
    benchmark:
        files.benchmark("data/{task}")
    priority: 3  # a fault in the data shows before anything is trained
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("data"),
        flags=lambda wildcards: flags.data(study.data[wildcards.task], local_data),
    shell:
        "python {params.code.path} {params.flags} "
        "--train-output {output.train} --validation-output {output.validation} 2> {log}"


rule encode:
    input:
        train=ancient(files.data("{task}", "train")),
        validation=ancient(files.data("{task}", "validation")),
        statements=statements_of(files.data("{task}", "train"), files.data("{task}", "validation")),
        model=model_to_encode_for,
    output:
        train=files.encoded("{task}", "train"),
        validation=files.encoded("{task}", "validation"),
        statements=statements_of(
            files.encoded("{task}", "train"), files.encoded("{task}", "validation")
        ),
    log:
        files.log("encode/{task}"),
    benchmark:
        files.benchmark("encode/{task}")
    priority: 2
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("encode"),
        flags=lambda wildcards: flags.encoding(study.data[wildcards.task]),
        model=folder_of_model,
    shell:
        "python {params.code.path} {params.flags} --model {params.model} "
        "--train {input.train} --validation {input.validation} "
        "--train-output {output.train} --validation-output {output.validation} 2> {log}"
