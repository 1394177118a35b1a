"""theta_0: read from a model directory or the hub, or pre-trained here on the generated language."""

new_model = files.configuration("pretrained")
own_model = files.checkpoint()


rule new_model:
    input:
        vocabulary=ancient(files.vocabulary()),
        statements=stated(files.vocabulary()),
        code=code("new_model"),
    output:
        new_model,
    log:
        files.log("new_model"),
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags(vars(study.pretraining.architecture)),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python {input.code[0]} {params.flags} --vocabulary {input.vocabulary} "
        "--output {params.folder} 2> {log}"


rule corpus:
    input:
        text=ancient(files.language("pretraining", "train")),
        statements=stated(files.language("pretraining", "train")),
        model=new_model,
        code=code("corpus"),
    output:
        corpus=files.corpus(),
        statements=stated(files.corpus()),
    log:
        files.log("corpus"),
    conda:
        "../../envs/environment.yaml"
    params:
        folder=folder_of_model,
        positions=study.pretraining.architecture.positions,
    shell:
        "python {input.code[0]} --text {input.text} --model {params.folder} "
        "--max-length {params.positions} --output {output.corpus} 2> {log}"


rule pretrain:
    input:
        corpus=ancient(files.corpus()),
        statements=stated(files.corpus()),
        model=new_model,
        code=code("pretrain"),
    output:
        checkpoint=own_model,
        statements=stated(own_model),
    log:
        files.log("pretrain"),
    benchmark:
        files.benchmark("pretrain")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    params:
        flags=flags.pretraining(study),
        folder=folder_of_model,
    shell:
        "python {input.code[0]} {params.flags} --corpus {input.corpus} "
        "--model {params.folder} --output {output.checkpoint} 2> {log}"


rule theta_0:
    input:
        model=(
            [*new_model, own_model]
            if study.model.pretrain
            else [str(file) for file in sources.local_model(study.model.path, study.local_copies)]
        ),
        code=code("theta_0"),
    output:
        weights=files.weights("theta_0"),
        statements=stated(files.weights("theta_0")),
        model=files.configuration(),
    log:
        files.log("theta_0"),
    benchmark:
        files.benchmark("theta_0")
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.theta_0(study, files.folder("pretrained")),
        folder=lambda wildcards, output: os.path.dirname(output.model[0]),
    shell:
        "python {input.code[0]} {params.flags} --output {output.weights} "
        "--configuration {params.folder} > {log} 2>&1"
