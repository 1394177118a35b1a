"""A finished study for others: as an RO-Crate, and signed. Both are made only on request."""

import json


rule crate:
    # `rule all` is known only when every rule has been read, hence functions.
    input:
        study=lambda wildcards: ancient(rules.all.input.study),
        statements=lambda wildcards: statements_of(*rules.all.input.study),
    output:
        files.crate(),
    log:
        files.log("crate"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("export_crate"),
        flags=flags.flags({"results": study.results, "config": json.dumps(config)}),
    shell:
        "python {params.code.path} {params.flags} 2> {log}"


rule sign:
    # The key's path is private: not a parameter, which Snakemake would record.
    input:
        study=lambda wildcards: ancient(rules.all.input.study),
        statements=lambda wildcards: statements_of(*rules.all.input.study),
    output:
        files.signature(),
    log:
        files.log("sign"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("sign_study"),
        flags=flags.flags({"results": study.results}),
    shell:
        "python {params.code.path} {params.flags} --output {output} "
        '--private-key "${{TICKETS_PRIVATE_KEY:?says which file holds the key}}" 2> {log}'
