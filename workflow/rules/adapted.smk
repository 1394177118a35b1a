"""A model whose pre-training goes on by masked language modelling (`pretraining.from: model`)."""

original = files.weights(adapted.ORIGINAL)
original_configuration = files.configuration(adapted.ORIGINAL)
adapted_files = {
    "checkpoint": adapted.checkpoint(files),
    "losses": adapted.losses(files),
    "model": files.configuration(adapted.ADAPTED),
}
text_for_it = {split: files.encoded(adapted.TEXT, split) for split in SPLITS}


rule original_model:
    input:
        model=model_on_this_machine,
    output:
        weights=original,
        model=original_configuration,
        statements=statements_of(original, *original_configuration),
    log:
        files.log("original_model"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("theta_0"),
        flags=flags.model(study),
        folder=lambda wildcards, output: os.path.dirname(output.model[0]),
    shell:
        "python {params.code.path} {params.flags} --output {output.weights} "
        "--configuration {params.folder} > {log} 2>&1"


rule adapt:
    input:
        theta=ancient(original),
        train=ancient(text_for_it["train"]),
        validation=ancient(text_for_it["validation"]),
        statements=statements_of(original, *text_for_it.values()),
        model=original_configuration,
    output:
        **adapted_files,
        statements=statements_of(
            adapted_files["checkpoint"], adapted_files["losses"], *adapted_files["model"]
        ),
    # Appended to, as later attempts resume earlier ones, and may overlap.
    log:
        files.log("adapt"),
    benchmark:
        files.benchmark("adapt")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **adaptation_resources,
        events=events("adapt"),
    params:
        code=code("adapt"),
        flags=lambda wildcards: flags.adaptation(study),
        folder=folder_of_model,
        checkpoints=files.checkpoints("adapt"),
    shell:
        "python {params.code.path} {params.flags} --theta {input.theta} "
        "--train {input.train} --validation {input.validation} --model {params.folder} "
        "--output {output.checkpoint} --losses {output.losses} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"
