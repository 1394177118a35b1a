"""theta_0: from a model directory or the hub, or pre-trained here: on the generated language, or, in
adapted.smk, on from a model.
"""

new_model = files.configuration("pretrained")
own_model = files.checkpoint()
validation_losses = files.validation()
pretraining_text = files.language("pretraining", "train")
pretrained = files.folder(adapted.ADAPTED if study.adaptation else "pretrained")


rule pretraining_text:
    output:
        text=pretraining_text,
        statement=statements_of(pretraining_text),
    log:
        files.log("pretraining_text"),
    benchmark:
        files.benchmark("pretraining_text")
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("language"),
        flags=flags.pretraining_text(study),
        folder=lambda wildcards, output: Path(output.text).parents[1],
    shell:
        "python {params.code.path} {params.flags} --output {params.folder} 2> {log}"


rule new_model:
    input:
        vocabulary=ancient(files.vocabulary()),
        statements=statements_of(files.vocabulary()),
    output:
        new_model,
    log:
        files.log("new_model"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("new_model"),
        flags=flags.new_model(study),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python {params.code.path} {params.flags} --vocabulary {input.vocabulary} "
        "--output {params.folder} 2> {log}"


rule corpus:
    input:
        text=ancient(pretraining_text),
        statements=statements_of(pretraining_text),
        model=new_model,
    output:
        corpus=files.corpus(),
        statements=statements_of(files.corpus()),
    log:
        files.log("corpus"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("corpus"),
        folder=folder_of_model,
        positions=study.pretraining.architecture.positions,
    shell:
        "python {params.code.path} --text {input.text} --model {params.folder} "
        "--max-length {params.positions} --output {output.corpus} 2> {log}"


rule pretrain:
    input:
        corpus=ancient(files.corpus()),
        statements=statements_of(files.corpus()),
        model=new_model,
    output:
        checkpoint=own_model,
        validation=validation_losses,
        statements=statements_of(own_model, validation_losses),
    log:
        files.log("pretrain"),
    benchmark:
        files.benchmark("pretrain")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **pretraining_resources,
        events=events("pretrain"),
    params:
        code=code("pretrain"),
        flags=flags.pretraining(study),
        folder=folder_of_model,
        checkpoints=files.checkpoints("pretrain"),
    shell:
        "python {params.code.path} {params.flags} --corpus {input.corpus} "
        "--model {params.folder} --output {output.checkpoint} "
        "--validation {output.validation} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"


rule theta_0:
    input:
        model=model_to_read,
    output:
        weights=files.weights("theta_0"),
        model=files.configuration(),
        statements=statements_of(files.weights("theta_0"), *files.configuration()),
    log:
        files.log("theta_0"),
    benchmark:
        files.benchmark("theta_0")
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("theta_0"),
        flags=flags.theta_0(study, pretrained),
        folder=lambda wildcards, output: os.path.dirname(output.model[0]),
    shell:
        "python {params.code.path} {params.flags} --output {output.weights} "
        "--configuration {params.folder} > {log} 2>&1"
