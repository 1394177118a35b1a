"""The MLM loss of theta_0 under a mask before any training, for a table that asks for it."""

losses = files.losses("{mask}", "{task}")
untrained = files.ticket("theta_0", "{mask}")


rule initial_loss:
    input:
        **encoded("validation"),
        ticket=ancient(untrained),
        theta=ancient(theta_0),
        mask=ancient(files.mask("{mask}")),
        statements=statements_of(untrained, theta_0, files.encoded("{task}", "validation")),
        model=files.configuration(),
    output:
        losses=losses,
        statement=statements_of(losses),
    log:
        files.log("losses/{mask}/on-{task}"),
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
    params:
        code=code("initial_loss"),
        flags=lambda w: flags.initial_losses(study, study.tasks[w.task]),
        model=folder_of_model,
    shell:
        "python {params.code.path} {params.flags} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --validation {input.validation} "
        "--trainings-per-gpu {resources.trainings_per_gpu} --losses {output.losses} 2> {log}"
