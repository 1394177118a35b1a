"""A finished study for others: as an RO-Crate, and signed. Both are made only where asked for."""

import json


rule crate:
    # `rule all` is known only when every rule has been read, hence functions.
    input:
        study=lambda wildcards: ancient(rules.all.input.study),
        statements=lambda wildcards: stated(*rules.all.input.study),
        code=code("export_crate"),
    output:
        files.crate(),
    log:
        files.log("crate"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results, "config": json.dumps(config)}),
    shell:
        "python {input.code[0]} {params.flags} 2> {log}"


rule sign:
    # The key's place is the signer's own: not a parameter, which Snakemake would write down.
    input:
        study=lambda wildcards: ancient(rules.all.input.study),
        statements=lambda wildcards: stated(*rules.all.input.study),
        code=code("sign_study"),
    output:
        files.signature(),
    log:
        files.log("sign"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results}),
    shell:
        "python {input.code[0]} {params.flags} --output {output} "
        '--private-key "${{TICKETS_PRIVATE_KEY:?says which file holds the key}}" 2> {log}'
