"""Iterative magnitude pruning: train a ticket, prune, rewind, and again (paper, Algorithm 1); and
standard pruning, which does not rewind.
"""

rewound = files.weights("theta_i/{task}/rewind-{rewind}/seed-{seed}")
found = files.mask(paths.imp("{task}", "{rewind}", "{seed}", "{sparsity}"))
standard = files.mask(paths.standard("{task}", "{seed}", "{sparsity}"))
start = files.weights(paths.round_start("{task}", "{rewind}", "{seed}", "{sparsity}"))
trained = files.trained("{weights}/{mask}/on-{task}/seed-{seed}")
predictions = files.predictions("{weights}/{mask}/on-{task}/seed-{seed}")


rule prune:
    input:
        weights=lambda w: dag.file_of_scores(files, design, *w),
        parent=lambda w: ancient(files.mask(design.before(*w))),
        statements=lambda w: stated(
            dag.file_of_scores(files, design, *w), files.mask(design.before(*w))
        ),
    output:
        mask=found,
        statement=stated(found),
    log:
        files.log(paths.imp("{task}", "{rewind}", "{seed}", "{sparsity}")),
    # Before trainings: what the last one ended with, as large as the model, is then deleted.
    priority: 1
    group:
        lambda w: submission(design.scored_by(*w))
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("prune"),
        round=lambda w: design.round(w.sparsity),
        scope=study.imp.scope,
    shell:
        "python {params.code.path} --finder imp --task {wildcards.task} --seed {wildcards.seed} "
        "--rewind {wildcards.rewind} --round {params.round} --sparsity {wildcards.sparsity} "
        "--scope {params.scope} --weights {input.weights} --parent {input.parent} "
        "--output {output.mask} > {log} 2>&1"


rule prune_standard:
    input:
        weights=lambda w: files.trained(design.standard_scored_by(*w)),
        parent=lambda w: ancient(files.mask(design.standard_before(*w))),
        statements=lambda w: stated(
            files.trained(design.standard_scored_by(*w)), files.mask(design.standard_before(*w))
        ),
    output:
        mask=standard,
        statement=stated(standard),
    log:
        files.log(paths.standard("{task}", "{seed}", "{sparsity}")),
    priority: 1
    group:
        lambda w: submission(design.standard_scored_by(*w))
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("prune"),
        round=lambda w: design.round(w.sparsity),
        scope=study.imp.scope,
    shell:
        "python {params.code.path} --finder standard --task {wildcards.task} "
        "--seed {wildcards.seed} --round {params.round} --sparsity {wildcards.sparsity} "
        "--scope {params.scope} --weights {input.weights} --parent {input.parent} "
        "--output {output.mask} > {log} 2>&1"


rule round_start:
    input:
        theta=lambda w: ancient(files.weights(paths.theta_i(w.task, w.rewind, w.seed))),
        head=lambda w: dag.files_of_head(files, design, *w),
        statements=lambda w: stated(
            files.weights(paths.theta_i(w.task, w.rewind, w.seed)),
            *dag.files_of_head(files, design, *w),
        ),
    output:
        weights=temp(start),
        statement=temp(stated(start)),
    log:
        files.log(paths.round_start("{task}", "{rewind}", "{seed}", "{sparsity}")),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("round_start"),
        flags=lambda w, input: flags.flags({"head": input.get("head")} if input.head else {}),
    shell:
        "python {params.code.path} {params.flags} --theta {input.theta} "
        "--output {output.weights} 2> {log}"


rule rewind:
    input:
        theta=lambda w: ancient(dag.file_of_weights(files, design, w.weights)),
        mask=ancient(files.mask("{mask}")),
        statements=lambda w: stated(
            dag.file_of_weights(files, design, w.weights), files.mask(w.mask)
        ),
    output:
        ticket=files.ticket("{weights}", "{mask}"),
        statement=stated(files.ticket("{weights}", "{mask}")),
    log:
        files.log("tickets/{weights}/{mask}"),
    # Not with the training: that tried again, the ticket stays, and so does what was trained of it.
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("rewind"),
    shell:
        "python {params.code.path} --theta {input.theta} --mask {input.mask} "
        "--output {output.ticket} 2> {log}"


rule train:
    input:
        **encoded("train", "validation"),
        ticket=ancient(files.ticket("{weights}", "{mask}")),
        theta=lambda w: ancient(dag.file_of_weights(files, design, w.weights)),
        mask=ancient(files.mask("{mask}")),
        data=ancient(files.data("{task}", "validation")),
        statements=lambda w: stated(
            files.ticket(w.weights, w.mask),
            dag.file_of_weights(files, design, w.weights),
            files.encoded(w.task, "train"),
            files.encoded(w.task, "validation"),
        ),
        model=files.configuration(),
    output:
        predictions=predictions,
        predictions_statement=stated(predictions),
        trained=unless_kept(trained),
        trained_statement=unless_kept(stated(trained)),
    # Added to, as attempts that go on follow each other, and may overlap.
    log:
        files.log("trainings/{weights}/{mask}/on-{task}/seed-{seed}"),
    benchmark:
        files.benchmark("trainings/{weights}/{mask}/on-{task}/seed-{seed}")
    group:
        lambda w: submission(paths.training(*w))
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
        events=lambda w: events(paths.training(w.weights, w.mask, w.task, w.seed)),
    params:
        code=code("train"),
        recipe=lambda w: flags.recipe(study, study.tasks[w.task], w.weights, w.mask),
        begin=lambda w: paths.begin(w.weights, w.task),
        model=folder_of_model,
        checkpoints=files.checkpoints("{weights}/{mask}/on-{task}/seed-{seed}"),
    shell:
        "python {params.code.path} {params.recipe} --seed {wildcards.seed} "
        "--from-percent {params.begin} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --train {input.train} --validation {input.validation} "
        "--data {input.data} --predictions {output.predictions} --trained {output.trained} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"


rule theta_i:
    input:
        **encoded("train"),
        ticket=ancient(files.ticket("theta_0", "dense")),
        theta=ancient(files.weights("theta_0")),
        mask=ancient(files.mask("dense")),
        statements=stated(
            *(files.ticket("theta_0", "dense"), files.weights("theta_0")),
            files.encoded("{task}", "train"),
        ),
        model=files.configuration(),
    output:
        weights=rewound,
        statement=stated(rewound),
    log:
        files.log("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    benchmark:
        files.benchmark("theta_i/{task}/rewind-{rewind}/seed-{seed}")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
        events=lambda w: events(paths.theta_i(w.task, w.rewind, w.seed)),
    params:
        code=code("train"),
        recipe=lambda w: flags.recipe(study, study.tasks[w.task]),
        model=folder_of_model,
        checkpoints=files.checkpoints("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    shell:
        "python {params.code.path} {params.recipe} --seed {wildcards.seed} "
        "--to-percent {wildcards.rewind} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --train {input.train} --trained {output.weights} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"
