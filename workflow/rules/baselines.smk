"""What tickets are compared with: other masks, other weights, and no network at all."""

oneshot = files.mask(paths.oneshot("{sparsity}"))
random_mask = files.mask(paths.random("{seed}", "{sparsity}"))
reinit = files.weights(paths.reinit("{seed}"))
layerwise = files.mask(paths.layerwise("{task}", "{rewind}", "{seed}", "{at}"))
snip = files.mask(paths.snip("{task}", "{seed}", "{sparsity}"))
shuffled = files.weights(paths.shuffled("{how}", "{seed}"))
theta_0 = files.weights("theta_0")


rule dense:
    input:
        weights=ancient(theta_0),
        statements=stated(theta_0),
    output:
        mask=files.mask("dense"),
        statement=stated(files.mask("dense")),
    log:
        files.log("dense"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("prune"),
    shell:
        "python {params.code.path} --finder dense --sparsity 0 --weights {input.weights} "
        "--output {output.mask} > {log} 2>&1"


rule oneshot:
    input:
        weights=ancient(theta_0),
        statements=stated(theta_0),
    output:
        mask=oneshot,
        statement=stated(oneshot),
    log:
        files.log(paths.oneshot("{sparsity}")),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("prune"),
        scope=study.imp.scope,
    shell:
        "python {params.code.path} --finder oneshot --sparsity {wildcards.sparsity} "
        "--scope {params.scope} --weights {input.weights} --output {output.mask} > {log} 2>&1"


rule random_mask:
    input:
        theta=ancient(theta_0),
        statements=stated(theta_0),
    output:
        mask=random_mask,
        statement=stated(random_mask),
    log:
        files.log(paths.random("{seed}", "{sparsity}")),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("random_mask"),
    shell:
        "python {params.code.path} --sparsity {wildcards.sparsity} "
        "--seed {wildcards.seed} --theta {input.theta} --output {output.mask} 2> {log}"


rule layerwise_mask:
    input:
        like=ancient(files.mask(paths.winning("{task}", "{rewind}", "{seed}", "{at}"))),
        statements=stated(files.mask(paths.winning("{task}", "{rewind}", "{seed}", "{at}"))),
    output:
        mask=layerwise,
        statement=stated(layerwise),
    log:
        files.log(paths.layerwise("{task}", "{rewind}", "{seed}", "{at}")),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("layerwise_mask"),
    shell:
        "python {params.code.path} --like {input.like} --seed {wildcards.seed} "
        "--output {output.mask} 2> {log}"


rule snip:
    input:
        **encoded("train"),
        theta=ancient(theta_0),
        statements=stated(theta_0, files.encoded("{task}", "train")),
        model=files.configuration(),
    output:
        mask=snip,
        statement=stated(snip),
    log:
        files.log(paths.snip("{task}", "{seed}", "{sparsity}")),
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
    params:
        code=code("snip"),
        flags=lambda w: flags.sensitivity(study, study.tasks[w.task]),
        model=folder_of_model,
    shell:
        "python {params.code.path} {params.flags} --seed {wildcards.seed} "
        "--sparsity {wildcards.sparsity} --theta {input.theta} --model {params.model} "
        "--train {input.train} --trainings-per-gpu {resources.trainings_per_gpu} "
        "--output {output.mask} 2> {log}"


rule shuffle:
    input:
        theta=ancient(theta_0),
        statements=stated(theta_0),
    output:
        weights=shuffled,
        statement=stated(shuffled),
    log:
        files.log(paths.shuffled("{how}", "{seed}")),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("shuffle"),
    shell:
        "python {params.code.path} --how {wildcards.how} --seed {wildcards.seed} "
        "--theta {input.theta} --output {output.weights} 2> {log}"


rule reinit:
    input:
        theta=ancient(theta_0),
        statements=stated(theta_0),
        model=files.configuration(),
    output:
        weights=reinit,
        statement=stated(reinit),
    log:
        files.log(paths.reinit("{seed}")),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("reinit"),
        model=folder_of_model,
    shell:
        "python {params.code.path} --seed {wildcards.seed} --theta {input.theta} "
        "--model {params.model} --output {output.weights} 2> {log}"


rule majority:
    input:
        train=ancient(files.data("{task}", "train")),
        validation=ancient(files.data("{task}", "validation")),
        encoded_train=ancient(files.encoded("{task}", "train")),
        encoded_validation=ancient(files.encoded("{task}", "validation")),
        statements=stated(files.encoded("{task}", "train"), files.encoded("{task}", "validation")),
    output:
        predictions=files.majority("{task}"),
        statement=stated(files.majority("{task}")),
    log:
        files.log("majority/{task}"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("majority"),
        head=lambda w: study.tasks[w.task].head,
    shell:
        "python {params.code.path} --head {params.head} --train {input.train} "
        "--validation {input.validation} --encoded-train {input.encoded_train} "
        "--encoded-validation {input.encoded_validation} --output {output.predictions} 2> {log}"
